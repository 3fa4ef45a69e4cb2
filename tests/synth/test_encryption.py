"""Whatever accepts a key has ours. What does not is named here, and in docs/security.md, with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tests.synth.templates import Template, text

OURS = re.compile(r"<(ExportsOutputFnGetAtt)?Key[0-9A-F]{8}")
KEY_PROPERTY = re.compile(r"kms(master)?key(id|arn)", re.IGNORECASE)
# Type, logical id.
NOT_OURS = {
    # S3 delivers access logs only to buckets that are encrypted with its own keys.
    ("AWS::S3::Bucket", "LogsBucket"),
    # The key would be for the code and the environment: our public code, and names.
    ("AWS::Lambda::Function", ""),
    # One item: the name of the execution that rolls out.
    ("AWS::DynamoDB::Table", "RolloutLock"),
    # The page's files, which everybody may read.
    ("AWS::S3::Bucket", "PageBucket"),
    # The client's name for what it gives Cognito's messages to; there is none here.
    ("AWS::Cognito::UserPool", ""),
}


@cache
def accepts_a_key(resource_type: str) -> bool:
    """Whether CloudFormation's schema of a type has a property for a KMS key."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return bool(KEY_PROPERTY.search(json.dumps(schema)))


def keys(properties: Any) -> Iterator[str]:
    """The values, as text, of all properties that name a KMS key."""
    if isinstance(properties, list):
        for value in properties:
            yield from keys(value)
    elif isinstance(properties, dict):
        for name, value in properties.items():
            if KEY_PROPERTY.fullmatch(name):
                yield text(value)
            else:
                yield from keys(value)


def test_whatever_accepts_a_key_has_ours_but_for_known_exceptions(templates: dict[str, Template]) -> None:
    checked: set[str] = set()
    for template in templates.values():
        for name, body in template["Resources"].items():
            if not accepts_a_key(body["Type"]):
                continue
            checked.add(body["Type"])
            found = list(keys(body["Properties"]))
            if any(body["Type"] == kind and name.startswith(prefix) for kind, prefix in NOT_OURS):
                assert not found, f"{name} has a key after all: take it out of the exceptions"
            else:
                assert found, f"{name} ({body['Type']}) has no key"
                assert all(OURS.search(key) for key in found), f"{name}: {found}"
    assert checked >= {
        "AWS::Glue::SecurityConfiguration",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SageMaker::EndpointConfig",
        "AWS::StepFunctions::StateMachine",
    }


@pytest.mark.parametrize("kind", ["AWS::SecretsManager::Secret", "AWS::IAM::AccessKey", "AWS::IAM::User"])
def test_no_stack_makes_a_secret(templates: dict[str, Template], kind: str) -> None:
    assert not [name for t in templates.values() for name, body in t["Resources"].items() if body["Type"] == kind]


def test_functions_are_given_names_and_no_secrets(templates: dict[str, Template]) -> None:
    functions = [
        body["Properties"]
        for template in templates.values()
        for body in template["Resources"].values()
        if body["Type"] == "AWS::Lambda::Function"
    ]
    names = {name for function in functions for name in function.get("Environment", {}).get("Variables", {})}
    assert "TARGET_PARAMETER" in names
    assert not [name for name in names if re.search(r"SECRET|PASSWORD|CREDENTIAL|API_KEY|(?<!OUTPUT_)TOKEN", name)]
