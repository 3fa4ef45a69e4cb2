"""What the twin reads of a table's definition is what Athena reads of it."""

from __future__ import annotations

from typing import Any

import pytest

from twin.catalogue.errors import UnreadableTable
from twin.catalogue.tables import JsonTable

SKIP = {"ignore.malformed.json": "true"}
LINES = b'{"text": "a"}\nno json\n'


def table(serde: dict[str, str], **storage: Any) -> JsonTable:
    library = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "Parameters": serde}
    columns = [{"Name": "text", "Type": "string"}]
    return JsonTable({"Name": "raw", "StorageDescriptor": {"SerdeInfo": library, "Columns": columns, **storage}})


def test_a_malformed_line_has_no_values_where_the_serde_says_so() -> None:
    assert list(table(SKIP).rows(LINES, "s3://b/k")) == [{"text": "a"}, {"text": None}]


@pytest.mark.parametrize("given", [table({}), table({}, Parameters=SKIP)])
def test_what_stands_elsewhere_than_in_the_serde_counts_for_nothing(given: JsonTable) -> None:
    with pytest.raises(UnreadableTable, match="HIVE_CURSOR_ERROR"):
        list(given.rows(LINES, "s3://b/k"))
