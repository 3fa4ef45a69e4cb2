"""The attempts at a run, told apart: when each began and ended, how, and what of the time is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from twin.report.wording import duration
from twin.run.attempts import Attempt, Taken
from twin.run.execution import STEPS
from twin.run.standing import words_of_end


def attempts_of(found: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return each attempt with the steps that it took; of one that was killed, `ended` is its last sign of life."""
    return [
        {
            "started": attempt.started,
            "ended": attempt.seen,
            "how": words_of_end(attempt),
            "wall_s": round(attempt.wall_s, 2),
            "cpu_s": round(attempt.cpu_s, 2),
            "steps": steps_of(attempt.own_steps),
        }
        for attempt in found
    ]


def steps_of(steps: Iterable[Taken]) -> list[dict[str, Any]]:
    """Return each step's status, wall time and CPU time; `workflow` marks the state machine's own."""
    return [
        {
            "name": step.name,
            "label": step.label,
            "status": step.status,
            "wall_s": step.wall_s,
            "cpu_s": step.cpu_s,
            "workflow": step.name in STEPS,
        }
        for step in steps
    ]


def in_a_sentence(report: dict[str, Any]) -> str:
    """Say how many attempts a run took, and how each ended; nothing of a run that took one."""
    found = report.get("attempts", [])
    if len(found) < 2:
        return ""
    told = "; ".join(f"after {duration(attempt['wall_s'])}: {attempt['how']}" for attempt in found)
    return f"{len(found)} attempts: {told}. Their steps took {duration(sum(a['wall_s'] for a in found))} in all."


def training_went_on(tuning: dict[str, Any] | None) -> str:
    """Say from which steps training went on after it had been stopped; nothing where it never was."""
    resumed_from = (tuning or {}).get("resumed_from", [])
    if not tuning or not resumed_from:
        return ""
    steps = f"step{'s' if len(resumed_from) > 1 else ''} {', '.join(map(str, resumed_from))}"
    last = f" of {tuning['curve'][-1]['step']}" if tuning.get("curve") else ""
    return f"Training was stopped, and went on from its checkpoint at {steps}{last}: what it had learned was not lost."
