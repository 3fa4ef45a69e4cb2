"""The workflow: one state machine that wires the four steps, prepare → select → tune → deploy."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cdk_app.settings import Settings
from stacks.data_preparation import DataPreparation
from stacks.fine_tuning import FineTuning
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.model_selection import ModelSelection
from stacks.serving import Serving


class Workflow(cdk.Stack):
    """The state machine and the functions that only it calls.

    Uses of the other stacks: ``foundation.{key, raw_bucket, curated_bucket, quarantine_bucket, models_bucket,
    notifications (sns.Topic), run_settings, approved_model_data_url, approved_target (ssm.StringParameter)}``,
    ``data_preparation.job_name``, ``serving.{stack_name, stack_id, endpoint_name}``,
    ``gateway.api (apigateway.RestApi)``.
    """

    state_machine: sfn.StateMachine

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        data_preparation: DataPreparation,
        model_selection: ModelSelection,
        fine_tuning: FineTuning,
        serving: Serving,
        gateway: Gateway,
    ) -> None:
        super().__init__(scope, construct_id)
