"""A REST API with everything on that an API in front of a model should have, and errors as problem documents."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.constructs.gateway_responses import answer_with_problems
from cdk_app.constructs.retention import LOG_RETENTION, log_group
from cdk_app.nag import acknowledge
from cdk_app.settings import Gateway

STAGE = "live"


def rest_api(
    scope: Construct, construct_id: str, *, name: str, description: str, settings: Gateway, key: kms.IKey
) -> apigateway.RestApi:
    """A regional API with one throttled, logged and traced stage; each method says who may call it.

    An API key counts where an authorizer has found it, so that clients may send it in a header of their own choice.
    """
    access_log = log_group(scope, f"{construct_id}AccessLog", key)
    api = apigateway.RestApi(
        scope,
        construct_id,
        rest_api_name=name,
        description=description,
        endpoint_types=[apigateway.EndpointType.REGIONAL],
        cloud_watch_role=True,
        api_key_source_type=apigateway.ApiKeySourceType.AUTHORIZER,
        deploy_options=apigateway.StageOptions(
            stage_name=STAGE,
            throttling_rate_limit=settings.rate_limit,
            throttling_burst_limit=settings.burst_limit,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                caller=False,
                http_method=True,
                ip=True,
                protocol=True,
                request_time=True,
                resource_path=True,
                response_length=True,
                status=True,
                user=False,
            ),
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,  # it would write prompts and answers into the log
            metrics_enabled=True,
            tracing_enabled=True,
        ),
    )
    api.node.try_remove_child("Endpoint")  # an output with a generated name; stacks publish their own
    _keep_execution_log(scope, api, key)
    answer_with_problems(api, settings)
    _accept_findings(api)
    return api


def _keep_execution_log(scope: Construct, api: apigateway.RestApi, key: kms.IKey) -> None:
    """Make the log group that API Gateway would otherwise make by itself: unencrypted, and kept for ever."""
    execution_log = logs.LogGroup(
        scope,
        "ExecutionLog",
        log_group_name=f"API-Gateway-Execution-Logs_{api.rest_api_id}/{STAGE}",
        encryption_key=key,
        retention=LOG_RETENTION,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    api.deployment_stage.node.add_dependency(execution_log)


def _accept_findings(api: apigateway.RestApi) -> None:
    acknowledge(
        api,
        "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        "API Gateway accepts a role for the account's logs only with the permissions of this policy.",
    )
    acknowledge(
        api,
        "APIG2",
        "The function names each wrong field of a request; API Gateway could only call the whole of it invalid.",
    )
