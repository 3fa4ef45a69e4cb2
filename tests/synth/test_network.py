"""Three subnets fit into every Region: over three zones, or over the two that an account has in us-west-1."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_kms as kms

from cdk_app.constructs.network import ClosedNetwork
from tests.synth.templates import Template, new_app, resources


@pytest.fixture(scope="module")
def template() -> Template:
    stack = cdk.Stack(new_app(), "Test")
    ClosedNetwork(stack, "Network", name="test", key=kms.Key(stack, "Key"))
    return dict(assertions.Template.from_stack(stack).to_json())


def resolved(value: Any, region: str, zones: list[str], template: Template) -> Any:
    """What CloudFormation makes of a value in a Region with these zones: of Fn::If, the branch that counts."""
    if not isinstance(value, dict):
        return value
    ((function, given),) = value.items()
    if function == "Fn::GetAZs":
        return zones
    if function == "Fn::If":
        (here, there) = template["Conditions"][given[0]]["Fn::Equals"]
        assert here == {"Ref": "AWS::Region"}
        return resolved(given[1 if region == there else 2], region, zones, template)
    assert function == "Fn::Select"
    index, items = given
    return resolved(items, region, zones, template)[int(index)]


@pytest.mark.parametrize(
    ("region", "zones", "expected"),
    [("us-west-1", "ac", "aca"), ("eu-central-1", "abc", "abc"), ("us-east-1", "abcdef", "abc")],
)
def test_three_subnets_lie_over_as_many_zones_as_there_are(
    template: Template, region: str, zones: str, expected: str
) -> None:
    subnets = resources(template, "AWS::EC2::Subnet").values()
    of_each = [body["Properties"]["AvailabilityZone"] for body in subnets]
    assert "".join(resolved(zone, region, list(zones), template) for zone in of_each) == expected
