"""The application: eight stacks, made in the order they depend on each other."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk

from cdk_app.constructs.names import stack_id
from cdk_app.settings import Settings
from stacks.data_preparation import DataPreparation
from stacks.fine_tuning import FineTuning
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.model_selection import ModelSelection
from stacks.operations import Operations
from stacks.serving import Serving
from stacks.workflow import Workflow


@dataclass(frozen=True)
class FourfoldStacks:
    """Every stack of one environment."""

    foundation: Foundation
    data_preparation: DataPreparation
    model_selection: ModelSelection
    fine_tuning: FineTuning
    serving: Serving
    gateway: Gateway
    workflow: Workflow
    operations: Operations


def create_stacks(app: cdk.App, settings: Settings) -> FourfoldStacks:
    """Add the stacks that `settings` describe to `app`."""

    def name(step: str) -> str:
        return stack_id(settings, step)

    foundation = Foundation(app, name("Foundation"), settings=settings)
    shared = {"settings": settings, "foundation": foundation}
    data_preparation = DataPreparation(app, name("DataPreparation"), **shared)
    model_selection = ModelSelection(app, name("ModelSelection"), **shared)
    fine_tuning = FineTuning(app, name("FineTuning"), **shared)
    serving = Serving(app, name("Serving"), **shared)
    gateway = Gateway(app, name("Gateway"), endpoint_name=serving.endpoint_name, **shared)
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
        data_preparation=data_preparation,
        serving=serving,
        gateway=gateway,
        workflow=workflow,
    )
    return FourfoldStacks(
        foundation, data_preparation, model_selection, fine_tuning, serving, gateway, workflow, operations
    )
