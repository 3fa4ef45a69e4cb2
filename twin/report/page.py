"""Render the report as one self-contained page: no script, no request to anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from twin.report.charts import Bar, bars, intervals, line

STATUS_KIND = {"SUCCEEDED": "bar", "FAILED": "bar bad", "RUNNING": "bar"}


def render(report: dict[str, Any]) -> str:
    """Return the page for a report as `collect` made it; every text from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawings = {
        "funnel": funnel(report["data"]),
        "candidates": candidates(report["selection"], report["evaluation"]),
        "loss": loss(report["tuning"]),
        "timings": timings(report["steps"]),
    }
    drawn = {name: Markup(svg) if svg else None for name, svg in drawings.items()}  # noqa: S704 (charts escape)
    return environment.get_template("report.html.j2").render(report=report, drawn=drawn)


def funnel(data: dict[str, Any] | None) -> str | None:
    """Draw what came in, what each reason took, and what each split received."""
    if data is None:
        return None
    rows = [Bar("records in", data["input"], f"{data['input']:,}")]
    for reason, count in sorted(data["rejected"].items(), key=lambda item: -item[1]):
        rows.append(Bar(f"− {reason}", count, f"{count:,}", "bar bad"))
    rows.append(Bar("kept", data["kept"], f"{data['kept']:,}", "bar good"))
    rows += [Bar(f"→ {split}", count, f"{count:,}", "bar good") for split, count in data["splits"].items()]
    return bars(rows)


def candidates(selection: dict[str, Any] | None, evaluation: dict[str, Any] | None) -> str | None:
    """Draw each candidate's quality with its confidence interval, and the floor."""
    if selection is None:
        return None
    rows = [
        (f"{c['model']}, {c['strategy']}", c["ci"][0], c["value"], c["ci"][1], "dot") for c in selection["candidates"]
    ]
    if evaluation is not None:
        rows.append(("tuned (test split)", evaluation["tuned"], evaluation["tuned"], evaluation["tuned"], "dot good"))
    return intervals(rows, selection["floor"])


def loss(tuning: dict[str, Any] | None) -> str | None:
    """Draw the training loss by step."""
    points = [(p["step"], p["loss"]) for p in (tuning or {}).get("curve", [])]
    return line(points, "steps", "training loss") if len(points) > 1 else None


def timings(steps: list[dict[str, Any]]) -> str:
    """Draw how long each step took."""
    return bars(
        [
            Bar(s["label"].partition(" (")[0], s["wall_s"], f"{s['wall_s']:.1f} s", STATUS_KIND[s["status"]])
            for s in steps
            if s["status"] in STATUS_KIND
        ]
    )
