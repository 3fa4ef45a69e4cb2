"""The page shows what the report holds, escapes what came from data, and survives a run that ended early."""

from typing import Any

import pytest

from twin.report.charts import Bar, bars
from twin.report.page import render

STEP = {
    "name": "PrepareData",
    "label": "Prepare",
    "status": "SUCCEEDED",
    "wall_s": 3.2,
    "cpu_s": 2.0,
    "workflow": True,
}


def early_end() -> dict[str, Any]:
    return {
        "execution": {
            "id": "r1",
            "arn": "a",
            "status": "FAILED",
            "error": "NoUsableRecords",
            "cause": "all empty",
        },
        "steps": [STEP],
        "data": None,
        "selection": None,
        "tuning": None,
        "evaluation": None,
        "serving": None,
        "iam": {
            "enforced": True,
            "denied": [{"id": "some-role", "action": "s3:GetObject", "resource": "arn:aws:s3:::b"}],
        },
    }


@pytest.fixture
def whole() -> dict[str, Any]:
    prediction = {
        "prompt": "p", "reference": "r", "base": "<script>alert(1)</script>", "tuned": "t",
        "base_score": 0.1, "tuned_score": 0.5,
    }  # fmt: skip
    return early_end() | {
        "execution": {"id": "r1", "arn": "a", "status": "SUCCEEDED", "error": None, "cause": None},
        "data": {
            "input": 10, "kept": 8, "rejected": {"empty": 2}, "splits": {"train": 6, "validation": 1, "test": 1},
            "rejected_examples": {"empty": [{"source": {"key": "k", "line": 3}, "detail": "", "raw": "<b>"}]},
        },
        "selection": {
            "floor": 0.3, "reason": "no candidate clears the floor",
            "candidates": [{"model": "m", "strategy": "zero-shot", "metric": "rougeL", "value": 0.2, "ci": [0.1, 0.3],
                            "latency_ms_p50": 12.0, "usd_per_1k_requests": 0.01}],
        },
        "tuning": {"examples": 6, "tokens": 900, "loss_before": 4.0, "loss_after": 2.8,
                   "curve": [{"step": 1, "loss": 4.0}, {"step": 2, "loss": 3.0}]},
        "evaluation": {"metric": "rougeL", "examples": 1, "base": 0.1, "tuned": 0.5, "difference": 0.4,
                       "difference_ci": [0.2, 0.6], "loss_reduction": 0.3, "best": [prediction], "worst": []},
        "serving": {"endpoint": "e", "requests": 2, "latency_ms_p50": 40.0, "unauthorized_status": 403,
                    "examples": [{"prompt": "p", "reference": "r", "output": "an answer"}]},
    }  # fmt: skip


def test_every_section_of_a_whole_run_is_on_the_page(whole: dict[str, Any]) -> None:
    page = render(whole)

    for text in (
        "records in",
        "− empty",
        "floor 0.3",
        "training loss",
        "an answer",
        "answers 403",
        "4.00 → 2.80",
    ):
        assert text in page


def test_text_from_data_is_never_markup(whole: dict[str, Any]) -> None:
    page = render(whole)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_run_that_ended_early_shows_why_and_nothing_it_does_not_know() -> None:
    page = render(early_end())

    assert "NoUsableRecords" in page
    assert "all empty" in page
    assert "Selection:" not in page


def test_labels_of_a_drawing_are_escaped() -> None:
    assert "<b>" not in bars([Bar("<b>", 1, "<i>")])
