"""Nothing is lost: of every file, whatever its format, each record is kept or lies in quarantine, with its place."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.manifest import check_balance
from pipelines.preparation.parts import Destination, Written

Prepare = Callable[..., tuple[Written, Destination]]
Row = dict[str, Any]

TEXTS = st.sampled_from(
    [
        "",
        "short",
        'a text with a comma, a "quotation" and\nanother line in it',
        "the operation writes to jane@example.com and waits for its answer",
        "<p>the operation returns &amp; waits</p> for the answer of the other side",
        "the operation returns & waits for the answer of the other side",
        "\ufb01les of a full width \uff21\uff22 kind are read by it as well",
    ]
)
RECORDS = st.lists(
    st.fixed_dictionaries({"documentation": TEXTS, "summary": st.sampled_from(["", "it waits", "x y z"])}), max_size=8
)


def to_json_lines(records: list[Row]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records) + b"broken\n"


def to_csv(records: list[Row]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(["documentation", "summary"])
    writer.writerows([record["documentation"], record["summary"]] for record in records)
    return file.getvalue().encode() + b'"a row of one field"\r\n'


def to_parquet(records: list[Row]) -> bytes:
    file = io.BytesIO()
    columns = {name: [record[name] for record in records] for name in ("documentation", "summary")}
    pq.write_table(pa.table(columns, schema=pa.schema(dict.fromkeys(columns, pa.string()))), file, row_group_size=3)
    return file.getvalue()


def places_of(name: str, records: list[Row]) -> list[tuple[str, int]]:
    """Every record of a file by key and number, the broken one at its end too."""
    if name.endswith(".parquet"):
        return [(name, number) for number in range(1, len(records) + 1)]
    if name.endswith(".jsonl"):
        return [(name, number) for number in range(1, len(records) + 2)]
    lines = [1 + sum(str(value).count("\n") for value in record.values()) for record in records]
    return [(name, 2 + sum(lines[:count])) for count in range(len(records) + 1)]


@hypothesis_settings(max_examples=60)
@given(first=RECORDS, second=RECORDS, third=RECORDS, chunk_bytes=st.integers(50, 2000), partitions=st.integers(1, 3))
def test_each_record_of_each_file_is_in_one_place_that_names_it(
    prepare: Prepare, first: list[Row], second: list[Row], third: list[Row], chunk_bytes: int, partitions: int
) -> None:
    given_records = {"a.jsonl": first, "b.csv": second, "c.parquet": third}
    files = {"a.jsonl": to_json_lines(first), "b.csv": to_csv(second), "c.parquet": to_parquet(third)}
    written, destination = prepare(files, chunk_bytes=chunk_bytes, partitions=partitions)
    rows = [
        json.loads(line)
        for bucket in (destination.curated, destination.quarantine)
        for stored in bucket.objects("")
        for line in bucket.read(stored.key).splitlines()
    ]
    expected = Counter(place for name, records in given_records.items() for place in places_of(name, records))
    assert Counter((row["source"]["key"], row["source"]["line"]) for row in rows) == expected
    for row in rows:
        if "reason" in row and row["source"]["key"] != "c.parquet":
            lines = files[row["source"]["key"]].decode().replace("\r", "").split("\n")
            raw = row["raw"].replace("\r", "")
            assert "\n".join(lines[row["source"]["line"] - 1 :]).startswith(raw)
    check_balance(written, counted_lines=0)


def test_a_column_that_one_file_of_many_calls_otherwise_costs_that_file_alone(prepare: Prepare) -> None:
    def lines(name: str, first: int) -> bytes:
        numbers = range(first, first + 5)
        records = [{name: f"operation number {n} reads the table {n}", "summary": "reads a table"} for n in numbers]
        return b"".join(json.dumps(record).encode() + b"\n" for record in records)

    files = {f"f{n}.jsonl": lines("body" if n == 3 else "documentation", 10 * n) for n in range(6)}
    written, destination = prepare(files)
    assert (written.splits.total(), written.rejected) == (25, {"missing_column": 5})
    contents = [destination.quarantine.read(stored.key) for stored in destination.quarantine.objects("")]
    rejected = [json.loads(line) for content in contents for line in content.splitlines()]
    assert {(row["source"]["key"], row["detail"]) for row in rejected} == {("f3.jsonl", "no column 'documentation'")}
