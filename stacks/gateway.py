"""Step 4, the gateway: a REST API in front of whatever model is approved."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from cdk_app.constructs.function import PythonFunction
from cdk_app.settings import Settings
from stacks.foundation import Foundation


class Gateway(cdk.Stack):
    """`POST /v1/summarize`, `POST /v1/generate` and `GET /v1/models`, authorized and throttled."""

    api: apigateway.RestApi
    handler: PythonFunction

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        endpoint_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
