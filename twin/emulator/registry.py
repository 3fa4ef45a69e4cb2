"""What the twin adds to the emulator, in one place."""

from __future__ import annotations

from twin import athena, bedrock, cloudformation, glue, opensearch, s3vectors, sagemaker, stepfunctions, web_adapter
from twin.emulator import encryption, hooks, iam
from twin.emulator.resource_types import PROVISIONED

# What the emulator serves for real, as far as the templates and their users need it.
_SERVED = {
    "apigateway",
    "budgets",
    "cloudformation",
    "cloudfront",
    "cognito-idp",
    "dynamodb",
    "ecr",
    "events",
    "glue",
    "iam",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "opensearchserverless",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tagging",
    "wafv2",
}


def register() -> None:
    """Plug every executor into the emulator; called once, before it serves."""
    hooks.trust_loopback()
    hooks.name_function_errors()
    hooks.refuse_unsupported_functions()
    hooks.hide_function_errors_from_api_clients()
    hooks.add_test_invoke_method()
    hooks.stream_integrations()
    hooks.describe_requests_as_api_gateway()
    hooks.enforce_web_acls()
    hooks.take_api_keys_from_authorizers()
    hooks.judge_tokens_as_api_gateway()
    hooks.make_up_fitting_passwords()
    hooks.serve_only(_SERVED)
    hooks.serve_distributions()
    hooks.serve_public_hosts()
    hooks.provision_only(PROVISIONED)
    web_adapter.register()
    cloudformation.register()
    glue.register()
    athena.register()
    sagemaker.register()
    bedrock.register()
    s3vectors.register()
    opensearch.register()
    stepfunctions.register()
    encryption.register()
    # Last, so that what the others serve is under IAM too.
    iam.register()
