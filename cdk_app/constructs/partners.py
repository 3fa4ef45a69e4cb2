"""Partners: an API key each, a usage plan that all share, and the authorizer that finds a key in a request."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_app.constructs.function import PythonFunction
from cdk_app.settings.gateway import Partners


def partner_authorizer(scope: Construct, *, key: kms.IKey) -> apigateway.RequestAuthorizer:
    """The authorizer that reads the key out of `Authorization: Bearer …` or `x-api-key`; the plan judges it."""
    made = PythonFunction(
        scope,
        "AuthorizePartner",
        name="authorize_partner",
        description="Finds the API key in a partner's request.",
        key=key,
        timeout=cdk.Duration.seconds(5),
        memory_mb=128,
    )
    return apigateway.RequestAuthorizer(
        scope,
        "Partners",
        handler=made.function,
        # The key may stand in either of two headers, and a cache would want one that is always there.
        identity_sources=[],
        results_cache_ttl=cdk.Duration.seconds(0),
    )


def usage_plan(scope: Construct, api: apigateway.RestApi, partners: Partners, *, name: str) -> apigateway.UsagePlan:
    """A plan with one key for each partner; API Gateway makes up their values, and no template has them."""
    plan = apigateway.UsagePlan(
        scope,
        "UsagePlan",
        name=f"{name}-partners",
        api_stages=[apigateway.UsagePlanPerApiStage(api=api, stage=api.deployment_stage)],
        throttle=apigateway.ThrottleSettings(rate_limit=partners.rate_limit, burst_limit=partners.burst_limit),
        quota=apigateway.QuotaSettings(limit=partners.requests_per_day, period=apigateway.Period.DAY),
    )
    for partner in partners.names:
        construct_id = "".join(word.capitalize() for word in partner.split("-"))
        plan.add_api_key(
            apigateway.ApiKey(
                scope, f"Key{construct_id}", api_key_name=f"{name}-{partner}", description=f"Partner {partner}."
            )
        )
    return plan
