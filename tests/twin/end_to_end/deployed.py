"""A deployed workflow, for tests to run."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdk_app.settings import Settings
from twin.emulator import Emulator
from twin.run import session, staging
from twin.run.board import Board
from twin.run.execution import Outcome, follow, start
from twin.run.probe import Probed


@dataclass(frozen=True)
class Deployed:
    """What a test needs of the deployed workflow."""

    emulator: Emulator
    assembly: Path
    settings: Settings
    options: session.Options
    outputs: dict[str, str]
    lines: int

    def run(self, overrides: dict[str, Any] | None = None, board: Board | None = None) -> tuple[Outcome, Board]:
        """Run the state machine once to its end, under a name as long as those that EventBridge gives."""
        board = board or session.new_board()
        run_id = f"{uuid.uuid4()}_{uuid.uuid4()}"
        arn = start(self.emulator, self.outputs["StateMachineArn"], run_id, overrides or {})
        return follow(self.emulator, arn, board), board

    def use(self, outcome: Outcome) -> Probed:
        """Ask what a run deployed, as a client would."""
        outputs = staging.stack_outputs(self.emulator, session.ENVIRONMENT)
        return session.use(self.emulator, self.settings, self.options, outcome, outputs, lambda _: None)
