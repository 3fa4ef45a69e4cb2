"""Render the report as one self-contained page: no script, no request to anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from twin.report.attempts import in_a_sentence, training_went_on
from twin.report.charts import (
    draw_candidates,
    draw_confusion,
    draw_funnel,
    draw_loss,
    draw_moved,
    draw_search,
    draw_timeline,
)
from twin.report.charts.candidates import milliseconds
from twin.report.charts.confusion import columns, rows
from twin.report.cuts import cuts
from twin.report.failure import failure
from twin.report.marks import marked
from twin.report.phases import phases
from twin.report.removals import in_a_line
from twin.report.wording import (
    AT_THIS_SPEED,
    MACHINE_TIME,
    OF_CONVERSATIONS,
    TRAINING_COST,
    approved,
    dollars,
    duration,
    is_timed,
    loss_change,
    quality_change,
    selection_reason,
    share,
    signed,
)

_WORDS = {
    "timed": AT_THIS_SPEED,
    "of_conversations": OF_CONVERSATIONS,
    "machine_time": MACHINE_TIME,
    "training_cost": TRAINING_COST,
}


def render(report: dict[str, Any]) -> str:
    """Return the page for a report as `collect` made it; every text from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (approved, dollars, duration, is_timed, loss_change, milliseconds, quality_change, selection_reason, share)
    labels = (columns, rows, confusion)
    environment.filters |= {function.__name__: function for function in (*words, *labels, signed, marked)}
    drawn = {name: Markup(svg) if svg else None for name, svg in drawings(report).items()}  # noqa: S704 (charts escape)
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report,
        drawn=drawn,
        phases=phases(report),
        cuts=cuts(report),
        removals=[in_a_line(removal) for removal in (report["data"] or {}).get("removals", ())],
        failure=failure(report["execution"]),
        in_a_sentence=in_a_sentence(report),
        training_went_on=training_went_on(report["tuning"]),
        attempts=[
            attempt | {"drawn": Markup(draw_timeline(attempt["steps"]))}  # noqa: S704 (the chart escapes)
            for attempt in report.get("attempts", [])
        ],
        **_WORDS,
    )


def confusion(by_label: dict[str, dict[str, Any]]) -> Markup:
    """Return the drawing of the confusion matrices of models by name."""
    matrices = [(name, found["confusion"]) for name, found in by_label.items()]
    return Markup(draw_confusion(matrices))  # noqa: S704 (charts escape)


def drawings(report: dict[str, Any]) -> dict[str, str | None]:
    """Return the drawing of each section; None where the run has nothing to draw there."""
    data, selection = report["data"], report["selection"]
    tuning, evaluation = report["tuning"], report["evaluation"]
    return {
        "funnel": draw_funnel(data) if data else None,
        "candidates": draw_candidates(selection, evaluation) if selection else None,
        "search": draw_search(report["search"]) if report["search"] else None,
        "loss": draw_loss(tuning) if tuning else None,
        "moved": draw_moved(evaluation["moved"]) if evaluation else None,
        "timeline": draw_timeline(report["steps"]),
    }
