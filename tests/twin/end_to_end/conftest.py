"""One emulator with the deployed stacks, shared by every end-to-end test: deploying is what takes long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cdk_app.settings import load_settings
from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import settings_document, write_data
from twin.emulator import Emulator
from twin.run import session, staging
from twin.run.data_files import find_data_files
from twin.run.synthesis import synthesize

PROJECT = Path(__file__).resolve().parents[3]
RECORDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Destroy last: every other end-to-end test needs what is deployed."""
    items.sort(key=lambda item: item.path.name == "test_destroy.py")


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("end-to-end")
    workflow = folder / "workflow.yaml"
    workflow.write_text(yaml.safe_dump(settings_document(PROJECT)))
    settings = load_settings(workflow, session.ENVIRONMENT)
    data = folder / "data.jsonl"
    board = session.new_board()
    state = session.state_folder(PROJECT)
    lines = write_data(session.sample(state, lambda _progress: None), data, RECORDS)
    options = session.Options(PROJECT, workflow, find_data_files("--data", [data]))
    assembly = synthesize(PROJECT, workflow, session.ENVIRONMENT, folder / "cdk.out")
    with Emulator(folder / "emulator", persist=True) as emulator:
        session.deploy_stacks(emulator, assembly, board)
        outputs = staging.stack_outputs(emulator, session.ENVIRONMENT)
        session.stage(emulator, settings, options, outputs, board)
        yield Deployed(emulator, assembly, settings, options, outputs, lines)
