"""A candidate that was not measured is told with its reason; a figure that does not compare keeps the gate closed."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.select_model.handler import NoCandidateMeasured
from lambdas.shared.errors import EvaluationIncomplete, InvalidEvent
from tests.unit.lambdas.select_model.candidates import Select, words


def test_a_candidate_that_cannot_be_asked_is_out_with_its_reason_and_the_others_are_compared(select: Select) -> None:
    result = select((0.1, 0), None, (0.5, 1))

    assert result["chosen"]["index"] == 2
    assert result["verdicts"][1] == {
        "index": 1,
        "name": "nova-micro (zero-shot)",
        "verdict": "unmeasured",
        "words": "model 1 cannot be asked: AccessDeniedException",
    }


@pytest.mark.parametrize("figure", [(0.5, 1), (0.1, 1)])
def test_the_reason_names_what_was_not_compared(select: Select, figure: tuple[float, float]) -> None:
    assert select((0.1, 0), None, figure)["reason"].endswith(
        "; not measured: nova-micro (zero-shot): model 1 cannot be asked: AccessDeniedException"
    )
    assert "not measured" not in select((0.1, 0), (0.1, 1), figure)["reason"]


def test_when_none_could_be_measured_the_run_ends_with_every_reason(select: Select) -> None:
    with pytest.raises(NoCandidateMeasured, match=r"None of the 3 .*model 0 cannot.*model 1 cannot.*model 2 cannot"):
        select(None, None, None)


@pytest.mark.parametrize("cause", ["Task timed out after 900 seconds", "", None])
def test_a_function_that_was_ended_from_outside_has_its_cause_in_plain_text(select: Select, cause: str | None) -> None:
    result = select((0.1, 0), (0.5, 1), None, spoil={"unmeasured": {"Error": "Sandbox.Timedout", "Cause": cause}})

    assert words(result)[2] == (cause or "Sandbox.Timedout")


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        ({"index": 5}, EvaluationIncomplete, r"\[0, 1, 2\] were to be measured and \[0, 1, 5\] were"),
        ({"index": 1}, EvaluationIncomplete, r"and \[0, 1, 1\] were"),
        ({"examples": 7}, EvaluationIncomplete, r"samples of different sizes: \[7, 24\]"),
        ({"examples": 0}, InvalidEvent, "'examples' is 0"),
        ({"value": None}, InvalidEvent, "'value' is missing"),
        ({"value": float("nan")}, InvalidEvent, "'value' must be a number"),
        ({"value": 1.2}, InvalidEvent, "'value' is 1.2"),
        ({"ci": [0.9]}, InvalidEvent, "'ci' must be a list of 2 numbers"),
        ({"ci": [0.91, 1]}, InvalidEvent, "interval 0.91 to 1.0 does not hold the figure 0.9"),
        ({"chance": None}, InvalidEvent, "'chance' is missing"),
        ({"usd_per_1k_requests": -1}, InvalidEvent, "'usd_per_1k_requests' is -1"),
        ({"metric": "rouge1"}, InvalidEvent, "measured by rouge1, not rougeL"),
    ],
)
def test_a_figure_that_is_missing_or_does_not_compare_keeps_the_gate_closed(
    select: Select, spoil: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select((0.9, 0.1), (0.9, 0.1), (0.9, 0.1), spoil=spoil)


def test_a_candidate_that_was_not_measured_keeps_the_gate_closed(select: Select) -> None:
    with pytest.raises(EvaluationIncomplete):
        select((0.9, 0.1), (0.9, 0.1))
