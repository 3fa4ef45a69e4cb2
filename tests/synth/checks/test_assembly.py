from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdk_app.checks import Assembly
from cdk_app.checks.assembly import NotAnAssembly
from tests.synth.checks.templates import ROLE


def test_a_directory_without_templates_is_refused_rather_than_passed(tmp_path: Path) -> None:
    with pytest.raises(NotAnAssembly, match="make synth"):
        Assembly.read(tmp_path)


def test_reasons_are_found_on_the_resource_and_on_what_encloses_it(tmp_path: Path) -> None:
    template = {"Resources": {"Policy": {"Type": "AWS::IAM::Policy"}, "Other": {"Type": "AWS::IAM::Policy"}}}
    metadata = {
        "/S": [],
        "/S/Role": [{"type": "aws:cdk:acknowledged-rules", "data": {"A": "outer"}}],
        "/S/Role/Policy": [
            {"type": "aws:cdk:logicalId", "data": "Policy"},
            {"type": "aws:cdk:acknowledged-rules", "data": {"B": "first"}},
            {"type": "aws:cdk:acknowledged-rules", "data": {"C": "second"}},
        ],
        "/S/RoleOfOthers/Policy": [{"type": "aws:cdk:logicalId", "data": "Other"}],
    }
    (tmp_path / "S.template.json").write_text(json.dumps(template))
    (tmp_path / "S.metadata.json").write_text(json.dumps(metadata))
    acknowledged = Assembly.read(tmp_path).acknowledged
    assert acknowledged["S", "Policy"] == {"A": "outer", "B": "first", "C": "second"}
    assert acknowledged["S", "Other"] == {}


def test_a_reference_is_followed_through_exports() -> None:
    exporting = {
        "Resources": {"Role": ROLE},
        "Outputs": {"Out": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": {"Name": "E"}}},
    }
    checked = Assembly({"A": exporting, "B": {"Resources": {}}})
    found = checked.resource_behind("B", {"Fn::ImportValue": "E"})
    assert found is not None
    assert (found.stack, found.logical_id) == ("A", "Role")
    assert checked.resource_behind("B", {"Fn::ImportValue": "Unknown"}) is None
    assert checked.resource_behind("B", "arn:aws:iam::111122223333:role/literal") is None
