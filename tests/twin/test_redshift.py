"""Redshift does not run in the twin: what would need it is refused by name."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.synth.optional import optional_assembly
from tests.twin.stack import Stack
from twin.emulator import Emulator

KINDS = ("AWS::RedshiftServerless::Namespace", "AWS::RedshiftServerless::Workgroup")


@pytest.mark.parametrize("kind", [*KINDS, "AWS::EC2::VPC"])
def test_a_stack_with_a_resource_of_the_warehouse_is_refused_by_name(emulator: Emulator, kind: str) -> None:
    template = optional_assembly().templates["Fourfold-dev-Analytics"]
    assert kind in json.dumps(template), "the warehouse has no such resource any longer"
    with pytest.raises(ClientError, match=f"Unrecognized resource types: .*{kind}"):
        Stack(emulator).create(Warehouse={"Type": kind, "Properties": {}})


def test_its_services_are_refused_by_name(emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="does not serve redshift"):
        emulator.client("redshift-serverless").list_workgroups()
    with pytest.raises(ClientError, match="does not serve redshift"):
        emulator.client("redshift-data").list_statements()
