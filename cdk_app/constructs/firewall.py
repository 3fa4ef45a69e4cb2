"""AWS WAF in front of the API's stage: two of AWS's own rule groups, and a bound on what one address may ask.

It bills every month, whether anybody asks or not, so it is there only where the settings want it.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

_GROUPS = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
_COUNTED = {
    # Prompts and documents are longer than 8 KB, and may be about web pages and their scripts: API Gateway and the
    # function bound what comes in, and nothing of it is shown as markup.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "CrossSiteScripting_BODY"),
}


def firewall(
    scope: Construct, construct_id: str, *, stage: apigateway.Stage, name: str, requests_per_5_minutes: int
) -> wafv2.CfnWebACL:
    """A web ACL, and its association with the stage."""
    rules = [_group(priority, group) for priority, group in enumerate(_GROUPS)]
    rules.append(_rate(len(rules), requests_per_5_minutes))
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


def _rate(priority: int, limit: int) -> wafv2.CfnWebACL.RuleProperty:
    statement = wafv2.CfnWebACL.RateBasedStatementProperty(limit=limit, aggregate_key_type="IP")
    return wafv2.CfnWebACL.RuleProperty(
        name="RequestsOfOneAddress",
        priority=priority,
        statement=wafv2.CfnWebACL.StatementProperty(rate_based_statement=statement),
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visibility("RequestsOfOneAddress"),
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Metrics, and no samples: a sampled request would show a user's text in the console."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
