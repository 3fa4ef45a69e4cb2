"""The gateway's function: an HTTP server behind the Lambda Web Adapter, which passes its answers on as they come.

The adapter is a public layer of AWS's own; it starts the server, and calls it once it answers under `/healthz`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.assets import SETTINGS_FILE, START
from cdk_app.bytecode import TASK_ROOT
from cdk_app.constructs.function import Program, PythonFunction

ADAPTER_VERSION = 27
"""Version 1.0.0 of the adapter: https://github.com/aws/aws-lambda-web-adapter."""
_PORT = "8080"
_PUBLISHERS = "LambdaWebAdapter"
_ACCOUNT = "account"


def web_function(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    description: str,
    folder: Path,
    key: kms.IKey,
    environment: Mapping[str, str],
    timeout: cdk.Duration,
    memory_mb: int,
) -> PythonFunction:
    """The function that serves HTTP by the program of `folder`."""
    return PythonFunction(
        scope,
        construct_id,
        name=name,
        description=description,
        key=key,
        environment={
            "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
            "AWS_LWA_INVOKE_MODE": "response_stream",
            "AWS_LWA_PORT": _PORT,
            "AWS_LWA_READINESS_CHECK_PATH": "/healthz",
            "GATEWAY_SETTINGS": f"{TASK_ROOT}/{SETTINGS_FILE}",
            **environment,
        },
        timeout=timeout,
        memory_mb=memory_mb,
        program=Program(folder, START, [_adapter(scope)]),
    )


def _adapter(scope: Construct) -> lambda_.ILayerVersion:
    """The layer for the function's architecture, where it is published: in the commercial regions."""
    publishers = cdk.CfnMapping(scope, _PUBLISHERS, mapping={"aws": {_ACCOUNT: "753240598075"}})
    account = publishers.find_in_map(cdk.Aws.PARTITION, _ACCOUNT)
    arn = f"arn:aws:lambda:{cdk.Aws.REGION}:{account}:layer:LambdaAdapterLayerArm64:{ADAPTER_VERSION}"
    return lambda_.LayerVersion.from_layer_version_arn(scope, "LambdaWebAdapterLayer", arn)
