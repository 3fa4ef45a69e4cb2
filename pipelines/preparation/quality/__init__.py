"""Quality filters: one small rule each, with a reason and the figures for every refusal.

`pairs` has the rules for text and target that every data set goes through. `gopher`, `c4` and `fineweb` are families
of published rules for texts, each switched on by itself; they share one `TextView` of the text.
"""

from pipelines.preparation.quality.c4 import check_c4
from pipelines.preparation.quality.fineweb import check_fineweb
from pipelines.preparation.quality.gopher import check_gopher
from pipelines.preparation.quality.pairs import check_pair, symbol_ratio
from pipelines.preparation.quality.view import TextView
from pipelines.preparation.records import Example
from pipelines.preparation.settings import Filters
from pipelines.preparation.thresholds import Quality

__all__ = ["check_pair", "check_quality", "check_text", "symbol_ratio"]


def check_quality(example: Example, filters: Filters, quality: Quality, *, summary: bool) -> None:
    """Raise `Rejected` with the first rule that the example breaks; `summary` adds the rule for summaries."""
    check_pair(example, filters, summary=summary)
    check_text(example.text, quality)


def check_text(text: str, quality: Quality) -> None:
    """Raise `Rejected` with the first rule that the text breaks, of the families that are on."""
    view = TextView(text)
    families = ((quality.gopher, check_gopher), (quality.c4, check_c4), (quality.fineweb, check_fineweb))
    for on, check in families:
        if on:
            check(view, quality.thresholds)
