"""The text that asks a person: the figures, and one command for each answer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from lambdas.shared.run import Run

OPPONENTS = ("champion", "base")
APPROVED = {"approved_by": "your name"}


def approval_message(
    run: Run, reason: str, comparison: Mapping[str, object], selection: Mapping[str, object], token: str
) -> str:
    """Write the message.

    Args:
        run: the run that waits.
        reason: why a person has to decide.
        comparison: the result of `compare_with_champion`; empty when there was none.
        selection: the result of `select_model`; empty when it was not passed.
        token: the task token that the answer goes to.
    """
    parts = [
        f"Run {run.run_id} on data set {run.dataset} waits for your approval. {reason}",
        _figures("Selection", selection, ("reason", "floor")),
        _figures(
            "Comparison",
            _with_opponent(comparison),
            ("metric", "challenger", *OPPONENTS, "difference", "ci", "examples", "better", "undecided", "fine_tuned"),
        ),
        f"Execution: {run.execution_arn}",
        f"To approve:\n\n{_command('success', token, ['--task-output', _quoted(json.dumps(APPROVED))])}",
        "To reject:\n\n"
        + _command("failure", token, ["--error", "ApprovalRejected", "--cause", _quoted("why you reject it")]),
        "Without an answer the run ends when the approval times out, and what is deployed stays as it is.",
    ]
    return "\n\n".join(part for part in parts if part)


def _with_opponent(comparison: Mapping[str, object]) -> Mapping[str, object]:
    """Call by its name whom the model was compared with: the base model is no champion."""
    champion = comparison.get("champion")
    if not isinstance(champion, Mapping) or champion.get("kind") != "base":
        return comparison
    return {**{name: value for name, value in comparison.items() if name != "champion"}, "base": champion}


def _figures(title: str, document: Mapping[str, object], names: tuple[str, ...]) -> str:
    lines = [f"  {name}: {_value(document[name])}" for name in names if document.get(name) is not None]
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _command(outcome: str, token: str, arguments: list[str]) -> str:
    region = os.environ.get("AWS_REGION", "")
    words = ["aws stepfunctions", f"send-task-{outcome}", *([f"--region {region}"] if region else [])]
    return " ".join([*words, "--task-token", _quoted(token), *arguments])


def _quoted(text: str) -> str:
    """Quote for a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"
