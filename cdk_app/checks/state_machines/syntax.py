"""The States Language itself: schema, missing targets, orphans, expressions, by npm's asl-validator."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.state_machines.definitions import StateMachine, state_machines

NAME = "state-machine-syntax"
VALIDATOR = Path(__file__).parents[3] / "node_modules" / ".bin" / "asl-validator"
TIMEOUT_S = 60


def find_syntax_errors(assembly: Assembly) -> Iterator[Finding]:
    """One finding a state machine that the validator refuses, or that it could not look at."""
    for machine in state_machines(assembly):
        if not VALIDATOR.exists():
            yield Finding(NAME, machine.resource.place, f"{VALIDATOR} is not installed.", "Run `npm ci`.")
        elif problem := _refusal(machine):
            yield Finding(NAME, machine.resource.place, problem, "Correct the state where the stack builds it.")


def _refusal(machine: StateMachine) -> str | None:
    """The validator's words, or None when it accepts the definition."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "definition.json"
        file.write_text(json.dumps(machine.definition), "utf-8")
        command = [str(VALIDATOR), "--json-path", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


SYNTAX = Check(NAME, find_syntax_errors)
