"""The raw table is one that Athena reads: its SerDe's properties and its location stand where Athena looks."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3

from cdk_app.constructs.catalog import raw_table
from cdk_app.settings import Settings
from tests.synth.templates import new_app, properties


@pytest.fixture
def storage(settings: Settings) -> dict[str, Any]:
    stack = cdk.Stack(new_app(), "Test")
    raw_table(stack, glue.Database(stack, "Database"), s3.Bucket(stack, "Bucket"), settings, ["Text", "target"])
    template = dict(assertions.Template.from_stack(stack).to_json())
    found: dict[str, Any] = properties(template, "AWS::Glue::Table")["TableInput"]["StorageDescriptor"]
    return found


def test_the_raw_table_is_where_athena_looks_for_it(storage: dict[str, Any], settings: Settings) -> None:
    assert storage["SerdeInfo"]["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert storage["SerdeInfo"]["Parameters"] == {"ignore.malformed.json": "true"}
    assert "Parameters" not in storage
    assert storage["Location"]["Fn::Join"][1][-1] == f"/{settings.data.dataset}/"
    assert [column["Name"] for column in storage["Columns"]] == ["text", "target"]
