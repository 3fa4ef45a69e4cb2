"""Examples that did not fit are counted aloud, with what to raise and to what, on the page and in the terminal."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from cli.figures import show_figures
from pipelines.tuning.examples import TOO_LONG
from twin.report.cuts import cuts
from twin.report.page import render


def census(**counts: Any) -> dict[str, Any]:
    plain = {"read": 223, "not_sampled": 0, "used": 48, "truncated": 0, "skipped": {}, "nine_in_ten": 90, "longest": 95}
    return plain | counts


def tuned(report: dict[str, Any], train: dict[str, Any], most: int = 4056) -> dict[str, Any]:
    tuning = {"records": {"train": train}, "settings": {"max_length": 96}, "longest_max_length": most}
    return report | {"tuning": report["tuning"] | tuning}


def terminal(report: dict[str, Any]) -> str:
    console = Console(width=400, record=True, force_terminal=False)
    with console.capture() as capture:
        show_figures(report, console)
    return capture.get()


ALL_CUT = census(truncated=40, skipped={TOO_LONG: 8, "without an answer": 3}, nine_in_ten=171, longest=402)
FOUND = (
    "48 of 56 training examples are longer than tuning.max_length, 96 tokens: 40 lost the end of their text, "
    "8 would have lost more than half of it and were left out."
)
REMEDY = "Raise tuning.max_length, which takes more time: with 171 nine in ten fit, with 402 all fit."


def test_how_many_of_how_many_were_cut_is_said_on_the_page_and_in_the_terminal(whole: dict[str, Any]) -> None:
    report = tuned(whole, ALL_CUT | {"used": 48})

    for shown in (" ".join(render(report).split()), terminal(report)):
        assert FOUND in shown
        assert REMEDY in shown


def test_more_than_a_tenth_stands_in_front_and_less_stands_with_the_tuning(whole: dict[str, Any]) -> None:
    many, few = (tuned(whole, census(truncated=count, nine_in_ten=96, longest=120)) for count in (5, 4))

    assert render(many).index("5 of 48 training") < render(many).index("<h2>")
    assert render(few).index("4 of 48 training") > render(few).index("<h2>Tune")
    assert [cut.prominent for report in (many, few) for cut in cuts(report)] == [True, False]


def test_a_run_that_cut_nothing_says_nothing_of_it(whole: dict[str, Any]) -> None:
    report = tuned(whole, census())

    assert cuts(report) == []
    assert "max_length" not in render(report) + terminal(report)


def test_test_examples_are_told_too(whole: dict[str, Any]) -> None:
    report = tuned(whole, census())
    report["evaluation"]["records"] = census(truncated=1, longest=97)

    assert [cut.found for cut in cuts(report)] == [
        "1 of 48 test examples is longer than tuning.max_length, 96 tokens: 1 lost the end of its text."
    ]


@pytest.mark.parametrize(
    ("most", "remedy"),
    [
        (200, "with 171 nine in ten fit."),
        (100, "up to 100: more cannot be served. Or shorten the texts: data.filters.max_words."),
    ],
)
def test_no_length_is_advised_that_could_not_be_served(whole: dict[str, Any], most: int, remedy: str) -> None:
    [cut] = cuts(tuned(whole, ALL_CUT, most))

    assert cut.remedy.endswith(remedy)


def test_a_report_of_an_earlier_version_is_shown_without_the_lengths(whole: dict[str, Any]) -> None:
    whole["tuning"]["records"]["train"] = {"used": 6, "truncated": 2, "skipped": {}}

    [cut] = cuts(whole)

    assert (cut.prominent, cut.remedy) == (True, "Raise tuning.max_length, which takes more time.")
