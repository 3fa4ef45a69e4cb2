"""AWS WAF in front of the API's stage: two of AWS's own rule groups, and a bound on what one address or token may ask.

It bills every month, whether anybody asks or not, so it is there only where the settings want it.

The page's users come by way of CloudFront, whose addresses many of them share: they are told apart by their tokens, of
which each sign-in, and each refresh after it, is given another one. Who sends none is counted by neither bound, and
refused before anything runs.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from cdk_app.constructs.api import STAGE

_GROUPS = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
# Prompts and documents are longer than 8 KB, and may be about scripts, addresses, paths and attacks on all of them: API
# Gateway and the function bound what comes in, and nothing of it is run, fetched, opened or shown as markup.
_COUNTED = {
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
}
# AWS does not say whether the path that a firewall sees begins with the stage; no other path begins like either.
_USERS = (f"/{STAGE}/api/", "/api/")


def firewall(
    scope: Construct, construct_id: str, *, stage: apigateway.Stage, name: str, requests_per_5_minutes: int
) -> wafv2.CfnWebACL:
    """A web ACL, and its association with the stage."""
    rules = [_group(priority, group) for priority, group in enumerate(_GROUPS)]
    rules.append(_addresses(len(rules), requests_per_5_minutes))
    rules.append(_users(len(rules), requests_per_5_minutes))
    acl = wafv2.CfnWebACL(
        scope,
        construct_id,
        name=name,
        scope="REGIONAL",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_visibility(name),
        rules=rules,
    )
    wafv2.CfnWebACLAssociation(
        scope, f"{construct_id}Association", resource_arn=stage.stage_arn, web_acl_arn=acl.attr_arn
    )
    return acl


def _group(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    counted: list[Any] = [
        wafv2.CfnWebACL.RuleActionOverrideProperty(
            name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
        )
        for rule in _COUNTED.get(name, ())
    ]
    group = wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=name, rule_action_overrides=counted or None
    )
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=wafv2.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_visibility(name),
    )


def _addresses(priority: int, limit: int) -> wafv2.CfnWebACL.RuleProperty:
    others = wafv2.CfnWebACL.StatementProperty(
        not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=_of_users())
    )
    rate = wafv2.CfnWebACL.RateBasedStatementProperty(limit=limit, aggregate_key_type="IP", scope_down_statement=others)
    return _rate("RequestsOfOneAddress", priority, rate)


def _users(priority: int, limit: int) -> wafv2.CfnWebACL.RuleProperty:
    token = wafv2.CfnWebACL.RateBasedStatementCustomKeyProperty(
        header=wafv2.CfnWebACL.RateLimitHeaderProperty(name="authorization", text_transformations=[_as_it_is()])
    )
    rate = wafv2.CfnWebACL.RateBasedStatementProperty(
        limit=limit, aggregate_key_type="CUSTOM_KEYS", custom_keys=[token], scope_down_statement=_of_users()
    )
    return _rate("RequestsOfOneUser", priority, rate)


def _of_users() -> wafv2.CfnWebACL.StatementProperty:
    statements: list[Any] = [
        wafv2.CfnWebACL.StatementProperty(
            byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
                field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
                positional_constraint="STARTS_WITH",
                search_string=beginning,
                text_transformations=[wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NORMALIZE_PATH")],
            )
        )
        for beginning in _USERS
    ]
    return wafv2.CfnWebACL.StatementProperty(or_statement=wafv2.CfnWebACL.OrStatementProperty(statements=statements))


def _as_it_is() -> wafv2.CfnWebACL.TextTransformationProperty:
    return wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")


def _rate(name: str, priority: int, rate: wafv2.CfnWebACL.RateBasedStatementProperty) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=wafv2.CfnWebACL.StatementProperty(rate_based_statement=rate),
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visibility(name),
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Metrics, and no samples: a sampled request would show a user's text in the console."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
