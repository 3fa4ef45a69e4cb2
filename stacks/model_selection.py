"""Step 2, model selection: the functions that measure every candidate on held-out data and choose one."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk_app.settings import Settings
from stacks.foundation import Foundation


class ModelSelection(cdk.Stack):
    """Evaluates candidates on the curated validation split and picks the cheapest that clears the floor."""

    evaluate_candidate: lambda_.Function
    select_model: lambda_.Function

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation
    ) -> None:
        super().__init__(scope, construct_id)
