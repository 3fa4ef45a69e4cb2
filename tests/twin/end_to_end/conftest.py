"""One emulator with the deployed stacks, shared by every end-to-end test: deploying is what takes long."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk_app.settings import Settings, load_settings
from tests.twin.end_to_end.small import settings_document, write_data
from twin.emulator import Emulator
from twin.run import session, staging
from twin.run.board import Board
from twin.run.execution import Outcome, follow, start
from twin.run.synthesis import synthesize

PROJECT = Path(__file__).resolve().parents[3]
RECORDS = 120


@dataclass(frozen=True)
class Deployed:
    """What a test needs of the deployed workflow."""

    emulator: Emulator
    settings: Settings
    options: session.Options
    outputs: dict[str, str]
    lines: int

    def run(self, overrides: dict[str, Any] | None = None) -> tuple[Outcome, Board]:
        """Run the state machine once to its end."""
        board = session.new_board()
        run_id = f"test-{uuid.uuid4().hex[:8]}"
        arn = start(self.emulator, self.outputs["StateMachineArn"], run_id, overrides or {})
        return follow(self.emulator, arn, board), board


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("end-to-end")
    workflow = folder / "workflow.yaml"
    workflow.write_text(yaml.safe_dump(settings_document(PROJECT)))
    settings = load_settings(workflow, session.ENVIRONMENT)
    data = folder / "data.jsonl"
    options = session.Options(PROJECT, workflow, data)
    board = session.new_board()
    lines = write_data(session.sample(options.state, lambda _progress: None), data, RECORDS)
    assembly = synthesize(PROJECT, workflow, session.ENVIRONMENT, folder / "cdk.out")
    with Emulator(folder / "emulator") as emulator:
        session.deploy_stacks(emulator, assembly, board)
        outputs = staging.stack_outputs(emulator, session.ENVIRONMENT)
        session.stage(emulator, settings, options, outputs, board)
        yield Deployed(emulator, settings, options, outputs, lines)
