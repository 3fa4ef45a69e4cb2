"""What an operator looks at and is woken by: dashboard, alarms, and the month's budget."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from cdk_app.settings import Settings
from stacks.data_preparation import DataPreparation
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.serving import Serving
from stacks.workflow import Workflow


class Operations(cdk.Stack):
    """Dashboard, alarms that notify, and a budget."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        data_preparation: DataPreparation,
        serving: Serving,
        gateway: Gateway,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id)
