"""The gateway's stack in an emulator, with a model approved, shared by the tests of all its clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cdk_app.settings import load_settings
from lambdas.shared.targets import BedrockTarget, target_document
from tests.twin.gateway_clients.deployed import SCRIPTED_IMPORT, SMOLLM2, STACK, Deployed, settings_document
from tests.twin.scripted_model import ScriptedModel
from twin import deployment
from twin.emulator import Emulator
from twin.run import session, staging
from twin.run.synthesis import synthesize

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("gateway-clients")
    workflow = folder / "workflow.yaml"
    workflow.write_text(yaml.safe_dump(settings_document(PROJECT)))
    settings = load_settings(workflow, session.ENVIRONMENT)
    assembly = synthesize(PROJECT, workflow, session.ENVIRONMENT, folder / "cdk.out")
    with ScriptedModel() as scripted:
        servers = {SCRIPTED_IMPORT: scripted.url}
        with Emulator(folder / "emulator", model_servers=servers) as emulator:
            deployment.bootstrap(emulator)
            deployment.deploy(emulator, assembly, stacks=[STACK])
            approve(emulator, f"/{settings.name}/{session.ENVIRONMENT}/approved/target")
            yield Deployed(emulator, staging.stack_outputs(emulator, session.ENVIRONMENT), scripted)


def approve(emulator: Emulator, parameter: str) -> None:
    """Write down that SmolLM2 is approved, as the state machine does."""
    target = target_document(BedrockTarget(SMOLLM2, "zero-shot", run_id="a-run"))
    emulator.client("ssm").put_parameter(Name=parameter, Value=json.dumps(target), Type="String", Overwrite=True)
