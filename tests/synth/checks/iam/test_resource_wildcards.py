from collections.abc import Mapping

from cdk_app.checks import Assembly
from cdk_app.checks.iam.resource_wildcards import ACKNOWLEDGEMENT, find_resource_wildcards
from tests.synth.checks.templates import with_policy

EXACT = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
OPEN = {"Action": "ecr:GetAuthorizationToken", "Resource": ["*"]}


def explained(*statements: Mapping[str, object], reason: str = "No resource level.") -> Assembly:
    return with_policy(*statements, acknowledged={("Stack", "Policy"): {ACKNOWLEDGEMENT: reason}})


def test_named_resources_pass() -> None:
    assert list(find_resource_wildcards(with_policy(EXACT))) == []


def test_a_rare_and_explained_wildcard_passes() -> None:
    assert list(find_resource_wildcards(explained(OPEN, *[EXACT] * 40))) == []


def test_a_wildcard_without_a_reason_is_reported() -> None:
    [finding] = find_resource_wildcards(with_policy(OPEN, *[EXACT] * 40))
    assert "no reason" in finding.problem
    assert "acknowledge" in finding.remedy


def test_an_empty_reason_is_none() -> None:
    assert list(find_resource_wildcards(explained(OPEN, *[EXACT] * 40, reason="  ")))


def test_explained_wildcards_that_are_more_than_three_in_a_hundred_are_reported() -> None:
    [finding] = find_resource_wildcards(explained(OPEN, *[EXACT] * 30))
    assert "1 of 31 statements" in finding.problem


def test_a_denial_of_everything_is_no_wildcard_grant() -> None:
    assert list(find_resource_wildcards(with_policy({**OPEN, "Effect": "Deny"}))) == []
