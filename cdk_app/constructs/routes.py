"""The roots of the gateway's API: one for each kind of caller, all of them answered by one function, which streams."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from cdk_app.nag import acknowledge

SCOPE = "openid"
"""What an access token of the page's users must have been given for."""
OPEN_PATHS = ("healthz", "openapi.json")
_REST = "{proxy+}"
_AUTHORIZATION = {"iam": apigateway.AuthorizationType.IAM, "none": apigateway.AuthorizationType.NONE}


def streaming(function: lambda_.Function, timeout: cdk.Duration) -> apigateway.LambdaIntegration:
    """An integration that passes on what the function answers as it comes, for as long as `timeout`."""
    return apigateway.LambdaIntegration(
        function,
        response_transfer_mode=apigateway.ResponseTransferMode.STREAM,
        timeout=timeout,
        # One permission for the API: one by method would outgrow the function's policy.
        scope_permission_to_method=False,
    )


def add_services(api: apigateway.RestApi, integration: apigateway.Integration, authorization: str) -> None:
    """`/v1`: requests signed with SigV4; or anybody's, where the settings open it.

    `POST /v1/summarize` is a method of its own, so that a role can be allowed to try it and nothing else.
    """
    version = api.root.add_resource("v1")
    signed = _AUTHORIZATION[authorization]
    methods = [
        version.add_resource("summarize").add_method("POST", integration, authorization_type=signed),
        version.add_resource(_REST).add_method("ANY", integration, authorization_type=signed),
    ]
    for method in methods:
        acknowledge(method, "COG4", "Services and people of the account sign their requests (SigV4).")
        if authorization == "none":
            acknowledge(method, "APIG4", "The settings open the API to everyone; in `prod` they may not.")


def add_users(api: apigateway.RestApi, integration: apigateway.Integration, authorizer: apigateway.IAuthorizer) -> None:
    """`/api/v1`: users who have signed in, with the access token of the page's client."""
    _everything(api, "api").add_method(
        "ANY",
        integration,
        authorization_type=apigateway.AuthorizationType.COGNITO,
        authorizer=authorizer,
        authorization_scopes=[SCOPE],
    )


def add_partners(
    api: apigateway.RestApi, integration: apigateway.Integration, authorizer: apigateway.IAuthorizer
) -> None:
    """`/partners/v1`: API keys of the usage plan, which `authorizer` finds in a request."""
    method = _everything(api, "partners").add_method(
        "ANY",
        integration,
        authorization_type=apigateway.AuthorizationType.CUSTOM,
        authorizer=authorizer,
        api_key_required=True,
    )
    acknowledge(method, "COG4", "Partners have API keys, which API Gateway checks and counts by its usage plan.")


def add_open(api: apigateway.RestApi, integration: apigateway.Integration) -> None:
    """Whether the API is up, and what it offers: for everyone, and as throttled as the rest."""
    for path in OPEN_PATHS:
        method = api.root.add_resource(path).add_method(
            "GET", integration, authorization_type=apigateway.AuthorizationType.NONE
        )
        for rule in ("APIG4", "COG4"):
            acknowledge(method, rule, "It tells nothing that is not in the project's own source, and asks no model.")


def _everything(api: apigateway.RestApi, root: str) -> apigateway.Resource:
    resource: apigateway.Resource = api.root.add_resource(root).add_resource("v1").add_resource(_REST)
    return resource
