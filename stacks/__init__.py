"""The application: ten stacks, made in the order they depend on each other."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk

from cdk_app.constructs.names import stack_id
from cdk_app.constructs.new_data import NewDataTrigger
from cdk_app.settings import Settings
from stacks.analytics import Analytics
from stacks.data_preparation import DataPreparation
from stacks.fine_tuning import FineTuning
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.model_selection import ModelSelection
from stacks.operations import Operations
from stacks.page import Page
from stacks.serving import Serving
from stacks.workflow import Workflow


@dataclass(frozen=True)
class FourfoldStacks:
    """Every stack of one environment; without a page in the settings there is none."""

    foundation: Foundation
    data_preparation: DataPreparation
    model_selection: ModelSelection
    fine_tuning: FineTuning
    serving: Serving
    gateway: Gateway
    workflow: Workflow
    operations: Operations
    analytics: Analytics
    page: Page | None


def create_stacks(app: cdk.App, settings: Settings) -> FourfoldStacks:
    """Add the stacks that `settings` describe to `app`."""

    def name(step: str) -> str:
        return stack_id(settings, step)

    foundation = Foundation(app, name("Foundation"), settings=settings)
    data_preparation = DataPreparation(app, name("DataPreparation"), settings=settings, foundation=foundation)
    model_selection = ModelSelection(app, name("ModelSelection"), settings=settings, foundation=foundation)
    fine_tuning = FineTuning(app, name("FineTuning"), settings=settings, foundation=foundation)
    serving = Serving(app, name("Serving"), settings=settings, foundation=foundation)
    gateway = Gateway(
        app, name("Gateway"), settings=settings, foundation=foundation, endpoint_name=serving.endpoint_name
    )
    workflow = Workflow(
        app,
        name("Workflow"),
        settings=settings,
        foundation=foundation,
        data_preparation=data_preparation,
        model_selection=model_selection,
        fine_tuning=fine_tuning,
        serving=serving,
        gateway=gateway,
    )
    operations = Operations(
        app,
        name("Operations"),
        settings=settings,
        foundation=foundation,
        serving=serving,
        gateway=gateway,
        workflow=workflow,
    )
    analytics = Analytics(
        app,
        name("Analytics"),
        settings=settings,
        foundation=foundation,
        database_name=data_preparation.database_name,
    )
    page = None
    if gateway.users is not None:
        page = Page(app, name("Page"), settings=settings, foundation=foundation, gateway=gateway, users=gateway.users)
    if settings.data.trigger_on_new_data:
        _start_on_new_data(settings, foundation, workflow)
    return FourfoldStacks(
        foundation,
        data_preparation,
        model_selection,
        fine_tuning,
        serving,
        gateway,
        workflow,
        operations,
        analytics,
        page,
    )


def _start_on_new_data(settings: Settings, foundation: Foundation, workflow: Workflow) -> None:
    """The rule lives with its target: in the data preparation's stack it would close a circle of dependencies."""
    NewDataTrigger(
        workflow,
        "NewDataTrigger",
        bucket=foundation.raw_bucket,
        dataset=settings.data.dataset,
        state_machine=workflow.state_machine,
    )
