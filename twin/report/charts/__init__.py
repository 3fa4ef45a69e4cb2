"""The report's drawings: one function each, from a section of the report to an SVG that escapes what came from data."""

from twin.report.charts.candidates import draw_candidates
from twin.report.charts.confusion import draw_confusion
from twin.report.charts.funnel import draw_funnel
from twin.report.charts.loss import draw_loss
from twin.report.charts.moved import draw_moved
from twin.report.charts.search import draw_search
from twin.report.charts.timeline import draw_timeline

__all__ = [
    "draw_candidates",
    "draw_confusion",
    "draw_funnel",
    "draw_loss",
    "draw_moved",
    "draw_search",
    "draw_timeline",
]
