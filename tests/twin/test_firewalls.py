"""Web ACLs before a stage and before a distribution: what they block, what they only record, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twin.distributions import Page, page_resources
from tests.twin.helpers import Json, unique
from tests.twin.stack import Stack
from tests.twin.web_api import api_resources, call, make_web_function, proxy
from twin.emulator import Emulator

SEEN = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "acl"}
GROUP = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}


def rule(statement: Json, action: str = "Block", priority: int = 0) -> Json:
    taken: Json = (
        {"OverrideAction": {"None": {}}} if "ManagedRuleGroupStatement" in statement else {"Action": {action: {}}}
    )
    return {"Name": f"rule-{priority}", "Priority": priority, "Statement": statement, "VisibilityConfig": SEEN, **taken}


def at_most(requests: int) -> Json:
    return {"RateBasedStatement": {"Limit": requests, "AggregateKeyType": "IP"}}


def by_header(requests: int, name: str, kind: str = "NONE") -> Json:
    key = {"Header": {"Name": name, "TextTransformations": [{"Priority": 0, "Type": kind}]}}
    return {"RateBasedStatement": {"Limit": requests, "AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": [key]}}


def path_with(part: str, field: str = "UriPath", position: str = "CONTAINS", kind: str = "NONE") -> Json:
    match = {"SearchString": part, "PositionalConstraint": position, "FieldToMatch": {field: {}}}
    return {"ByteMatchStatement": {**match, "TextTransformations": [{"Priority": 0, "Type": kind}]}}


def longer_than(size: int, field: str = "Body") -> Json:
    bound = {"ComparisonOperator": "GT", "Size": size, "FieldToMatch": {field: {}}, "TextTransformations": []}
    return {"SizeConstraintStatement": bound}


def acl(*rules: Json, scope: str = "REGIONAL") -> Json:
    properties = {"Name": unique("acl"), "Scope": scope, "DefaultAction": {"Allow": {}}, "Rules": list(rules)}
    return {"Type": "AWS::WAFv2::WebACL", "Properties": {**properties, "VisibilityConfig": SEEN}}


def association() -> Json:
    stage = {"Fn::Sub": "arn:aws:apigateway:us-east-1::/restapis/${Api}/stages/${Stage}"}
    given = {"ResourceArn": stage, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}}
    return {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": given}


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> str:
    return make_web_function(emulator)


def behind(emulator: Emulator, function: str, *rules: Json) -> tuple[Stack, str]:
    """A stack with an API behind a web ACL, and where the API is."""
    stack = Stack(emulator)
    resources = {**api_resources(proxy(function)), "Acl": acl(*rules), "Association": association()}
    assert stack.create(**resources)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    return stack, f"{emulator.api_url(stack.reference('Api'), 'live')}/v1/echo"


def test_who_asks_too_often_is_blocked(emulator: Emulator, function: str) -> None:
    _, url = behind(emulator, function, rule(GROUP), rule(at_most(10), priority=1))
    assert [call(url)[0] for _ in range(12)] == [200] * 10 + [403] * 2


def test_requests_are_counted_by_what_a_header_holds_and_those_without_it_not_at_all(
    emulator: Emulator, function: str
) -> None:
    _, url = behind(emulator, function, rule(by_header(3, "X-Who")))
    answers = [call(url, x_who=who)[0] for who in ("ann", "ann", "bob", "ann", "ann", "bob")]
    assert answers == [200, 200, 200, 200, 403, 200]
    assert [call(url)[0] for _ in range(5)] == [200] * 5


def test_of_a_rate_only_those_requests_count_that_it_is_about(emulator: Emulator, function: str) -> None:
    elsewhere = {"NotStatement": {"Statement": path_with("/echo")}}
    here, other = at_most(2), at_most(1)
    here["RateBasedStatement"]["ScopeDownStatement"] = path_with("/echo")
    other["RateBasedStatement"]["ScopeDownStatement"] = elsewhere
    _, url = behind(emulator, function, rule(here), rule(other, priority=1))
    assert [call(url)[0] for _ in range(3)] == [200, 200, 403]
    assert [call(url.replace("/echo", "/other"))[0] for _ in range(2)] == [200, 403]


def test_a_path_is_looked_at_without_its_ways_back_where_a_rule_says_so(emulator: Emulator, function: str) -> None:
    beginnings = [path_with(part, position="STARTS_WITH", kind="NORMALIZE_PATH") for part in ("/no/", "/v1/b/")]
    _, url = behind(emulator, function, rule({"OrStatement": {"Statements": beginnings}}))
    paths = ("/echo", "/a/../b/c", "/a/b/../../echo", "/./b//c", "/c/b/")
    assert [call(url.replace("/echo", path))[0] for path in paths] == [200, 403, 200, 403, 200]


def test_a_body_that_is_too_long_is_blocked(emulator: Emulator, function: str) -> None:
    _, url = behind(emulator, function, rule(longer_than(10)))
    assert call(url, "POST", b"x" * 10)[0] == 200
    assert call(url, "POST", b"x" * 11)[0::2] == (403, {"message": "Forbidden"})


def test_a_rule_that_counts_blocks_nothing_and_one_that_allows_ends_the_search(
    emulator: Emulator, function: str
) -> None:
    rules = (
        rule(longer_than(0), "Count", 0),
        rule(longer_than(5), "Allow", 1),
        rule(longer_than(0), "Block", 2),
    )
    _, url = behind(emulator, function, *rules)
    assert call(url, "POST", b"x" * 6)[0] == 200
    assert call(url, "POST", b"x" * 5)[0] == 403


def test_a_stage_without_its_association_is_open_again(emulator: Emulator, function: str) -> None:
    stack, url = behind(emulator, function, rule(longer_than(0)))
    assert call(url, "POST", b"x")[0] == 403
    resources = api_resources(proxy(function))
    resources["Api"]["Properties"]["Name"] = unique("api")
    stack.update(**resources)
    assert call(url, "POST", b"x")[0] == 200


def test_a_distribution_has_a_web_acl_too(emulator: Emulator) -> None:
    stack = Stack(emulator)
    resources: dict[str, Any] = page_resources(WebACLId={"Fn::GetAtt": ["Acl", "Arn"]})
    resources |= api_resources(proxy("arn:aws:lambda:us-east-1:000000000000:function:none"))
    resources["Acl"] = acl(rule(longer_than(3, "QueryString")), scope="CLOUDFRONT")
    assert stack.create(**resources)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    page = Page(emulator, stack)
    page.put("index.html", "The page", "text/html")
    assert page.get("/?a=1") == (200, "The page")
    assert page.get("/?a=12")[0] == 403


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ({"GeoMatchStatement": {"CountryCodes": ["AQ"]}}, "GeoMatchStatement of rule-0"),
        (longer_than(1, "Cookies"), "FieldToMatch Cookies of rule-0"),
        ({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CONSTANT"}}, "AggregateKeyType CONSTANT of rule-0"),
        ({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CUSTOM_KEYS"}}, "CUSTOM_KEYS without any"),
        (by_header(10, "a", "LOWERCASE"), "TextTransformation LOWERCASE of rule-0"),
        ({"OrStatement": {"Statements": [path_with("a", kind="LOWERCASE")]}}, "TextTransformation LOWERCASE"),
        (path_with("a", field="Method"), "FieldToMatch Method of rule-0"),
        (path_with("a", position="CONTAINS_WORD"), "PositionalConstraint CONTAINS_WORD of rule-0"),
    ],
)
def test_a_rule_that_is_not_judged_fails_the_stack_by_name(emulator: Emulator, statement: Json, named: str) -> None:
    stack = Stack(emulator)
    assert "ROLLBACK" in stack.create(Acl=acl(rule(statement)))["StackStatus"]
    assert named in stack.reasons()
