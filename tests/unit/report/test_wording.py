"""Words follow the figures in both directions, and claim no difference where none is shown."""

from __future__ import annotations

from typing import Any

import pytest

from twin.report.wording import loss_change, quality_change


def evaluation(difference: float, low: float, high: float) -> dict[str, Any]:
    return {"metric": "rougeL", "difference": difference, "difference_ci": [low, high]}


def test_a_gain_rose_and_a_loss_of_quality_fell() -> None:
    assert quality_change(evaluation(0.127, 0.08, 0.171)) == "rougeL rose by 0.127 (95 % interval +0.080 to +0.171)."
    assert quality_change(evaluation(-0.05, -0.09, -0.01)) == "rougeL fell by 0.050 (95 % interval −0.090 to −0.010)."


@pytest.mark.parametrize("interval", [(-0.04, 0.02), (0.0, 0.02), (-0.04, 0.0)])
def test_an_interval_that_holds_zero_shows_no_difference(interval: tuple[float, float]) -> None:
    words = quality_change(evaluation(-0.012, *interval))

    assert words.startswith("No difference in rougeL is shown: −0.012, 95 % interval ")
    assert "rose" not in words
    assert "fell" not in words


@pytest.mark.parametrize(
    ("reduction", "words"),
    [
        (0.34, "The loss fell by 34 %."),
        (-0.02, "The loss rose by 2 %."),
        (0.004, "The loss fell by 0.4 %."),
        (0.0, "The loss stayed as it was."),
        (-0.0001, "The loss stayed as it was."),
    ],
)
def test_the_loss_is_worded_both_ways(reduction: float, words: str) -> None:
    assert loss_change(reduction) == words
