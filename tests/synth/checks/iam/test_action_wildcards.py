from cdk_app.checks.iam.action_wildcards import find_action_wildcards
from tests.synth.checks.templates import with_policy

NAMED = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "x"}


def test_named_actions_pass() -> None:
    assert list(find_action_wildcards(with_policy(NAMED))) == []


def test_one_narrow_wildcard_among_many_actions_passes() -> None:
    assert list(find_action_wildcards(with_policy({"Action": "s3:GetObject*", "Resource": "x"}, *[NAMED] * 30))) == []


def test_wildcards_that_are_more_than_two_in_a_hundred_are_listed() -> None:
    [finding] = find_action_wildcards(with_policy({"Action": "s3:GetObject*", "Resource": "x"}, *[NAMED] * 10))
    assert "1 of 21 actions" in finding.problem
    assert "s3:GetObject*" in finding.place


def test_a_whole_service_is_reported_however_rare() -> None:
    [finding] = find_action_wildcards(with_policy({"Action": "s3:*", "Resource": "x"}, *[NAMED] * 50))
    assert "whole service" in finding.problem
