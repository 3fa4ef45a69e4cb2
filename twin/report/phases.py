"""The four steps of the workflow, each with what came of it: the first thing that a reader of the page sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PHASES = {
    "prepare": ("ResolveRun", "PrepareData", "CheckData"),
    "select": ("EvaluateCandidates", "SelectModel"),
    "tune": ("FineTune", "CompareWithChampion"),
    "deploy": ("AwaitApproval", "Deploy", "SmokeTest", "Record"),
}


WAITING = "AwaitApproval"
"""Its time is a person's, and not of what the phase does."""


@dataclass(frozen=True)
class Phase:
    """One of the four steps: `status` is a CSS class too; `figure` is the one number to remember of it."""

    name: str
    status: str
    wall_s: float
    figure: str
    caption: str


def phases(report: dict[str, Any]) -> list[Phase]:
    """Return the four steps in order, out of a report as `collect` made it."""
    figures = {"prepare": _prepare, "select": _select, "tune": _tune, "deploy": _deploy}
    found = []
    for name, members in PHASES.items():
        steps = [step for step in report["steps"] if step["name"] in members]
        status = _status([step["status"] for step in steps])
        figure, caption = figures[name](report) or ("–", _nothing(status))
        working = sum(step["wall_s"] for step in steps if step["name"] != WAITING)
        found.append(Phase(name, status, working, figure, caption))
    return found


def _status(statuses: list[str]) -> str:
    if "FAILED" in statuses:
        return "failed"
    return "done" if "SUCCEEDED" in statuses else "skipped"


def _nothing(status: str) -> str:
    return {"failed": "failed", "skipped": "did not run"}.get(status, "")


def _prepare(report: dict[str, Any]) -> tuple[str, str] | None:
    if data := report["data"]:
        return f"{data['kept']:,}", f"of {data['input']:,} records kept"
    return None


def _select(report: dict[str, Any]) -> tuple[str, str] | None:
    selection = report["selection"]
    if selection is None:
        return None
    best = max(selection["candidates"], key=lambda candidate: float(candidate["value"]))
    shown = selection["chosen"] or best
    if selection["chosen"]:
        verdict = f"{shown['model']} ({shown['strategy']}) will do"
    else:
        verdict = f"the best candidate; the floor is {selection['floor']:g}"
    return f"{shown['value']:.3f}", f"{shown['metric']}, {verdict}"


def _tune(report: dict[str, Any]) -> tuple[str, str] | None:
    if evaluation := report["evaluation"]:
        words = f"{evaluation['metric']} on {evaluation['examples']} test examples"
        return f"{evaluation['base']:.3f} → {evaluation['tuned']:.3f}", words
    if tuning := report["tuning"]:
        return f"{tuning['loss_before']:.2f} → {tuning['loss_after']:.2f}", "held-out loss"
    return None


def _deploy(report: dict[str, Any]) -> tuple[str, str] | None:
    if serving := report["serving"]:
        return f"{serving['latency_ms_p50']:,.0f} ms", f"median of {serving['requests']} answers of the API"
    return None
