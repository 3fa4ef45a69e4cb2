"""A report of a run that failed early, and one of a whole run."""

from __future__ import annotations

from typing import Any

import pytest

from twin.run.board import Board
from twin.run.session import new_board

WHEN = {"started": "2026-11-26T00:13:07+00:00", "dataset": "news"}


def step(name: str, status: str, wall_s: float = 3.2) -> dict[str, Any]:
    return {"name": name, "label": name, "status": status, "wall_s": wall_s, "cpu_s": 2.0, "workflow": True}


@pytest.fixture
def board() -> Board:
    return new_board()


@pytest.fixture
def early_end() -> dict[str, Any]:
    return {
        "execution": {"id": "r1", "arn": "a", "status": "FAILED", "error": "NoUsableRecords", "cause": "all empty"}
        | WHEN,
        "error": None,
        "steps": [step("PrepareData", "SUCCEEDED"), step("CheckData", "FAILED"), step("FineTune", "SKIPPED", 0.0)],
        "data": None,
        "selection": None,
        "search": None,
        "tuning": None,
        "evaluation": None,
        "approval": None,
        "serving": None,
        "iam": {
            "enforced": True,
            "denied": [{"id": "some-role", "action": "s3:GetObject", "resource": "arn:aws:s3:::b"}],
        },
    }


def candidate(strategy: str, value: float) -> dict[str, Any]:
    return {
        "index": 1 if strategy == "few-shot" else 0,
        "model": "m",
        "strategy": strategy,
        "metric": "rougeL",
        "value": value,
        "ci": [value - 0.05, value + 0.05],
        "latency_ms_p50": 12.0,
        "latency_ms_p95": 30.0,
        "usd_per_1k_requests": 0.01,
        "examples": 40,
        "level": 0.95,
        "resamples": 2000,
        "chance": 0.11,
        "by_label": None,
        "faithfulness": {
            "unsupported_numbers": None,
            "unsupported_names": 0.25,
            "unsupported_sentences": 0.1,
            "compression": 0.3,
            "copied": 0.5,
            "score": 0.87,
        },
        "similarity": None,
        "retrieval": None,
        "judge": None,
    }


def refused(strategy: str, value: float) -> dict[str, Any]:
    """A candidate as the report has it, once it has been decided about."""
    return candidate(strategy, value) | {"verdict": "refused", "words": "its lower bound is below the floor"}


def cluster() -> dict[str, Any]:
    source = {"key": "d/data.jsonl", "line": 7}
    member = {"text": "almost <i>the</i> words", "marks": [[0, 6]], "source": source | {"line": 9}, "similarity": 0.75}
    return {"size": 3, "representative": {"text": "the words", "source": source}, "members": [member]}


def prepared() -> dict[str, Any]:
    return {
        "input": 10,
        "kept": 8,
        "rejected": {"empty": 1, "personal_data": 1},
        "splits": {"train": 6, "validation": 1, "test": 1},
        "redacted": {"email": 3},
        "near_duplicates": {"clusters": 1, "records": 3, "largest": 3},
        "stages": [
            {"name": "parse", "input": 10, "kept": 9, "rejected": {"empty": 1}},
            {"name": "personal_data", "input": 9, "kept": 8, "rejected": {"personal_data": 1}},
        ],
        "clusters": [cluster()],
        "card": "data_card.html",
        "quarantine": "s3://quarantine/d/run=r1/",
        "rejected_examples": {
            "empty": [{"reason": "empty", "detail": "blank", "source": {"key": "d/<b>.jsonl", "line": 3}, "bytes": 4}],
        },
    }


def by_label(labels: list[str], rows: list[list[int]], others: int = 0) -> dict[str, Any]:
    """The figures of labels as an evaluation writes them; a label that is never given has no precision."""
    figures = [
        {"label": label, "support": sum(row), "given": 0, "precision": None, "recall": 0.25, "f1": 0.4}
        for label, row in zip(labels, rows, strict=False)
    ]
    confusion = {"labels": labels, "others": others, "rows": rows}
    return {"figures": figures, "left_out": {"labels": 0, "examples": 0}, "confusion": confusion}


def part(name: str, verdict: str) -> dict[str, Any]:
    """A slice of the test examples, or the general questions."""
    figure = {"value": 0.5, "ci": [0.4, 0.6]}
    return {
        "name": name,
        "examples": 20,
        "base": figure,
        "tuned": figure,
        "difference": {"value": 0.0, "ci": [-0.1, 0.1], "level": 0.95},
        "verdict": verdict,
        "words": f"{name}: 0.500",
    }


@pytest.fixture
def whole(early_end: dict[str, Any]) -> dict[str, Any]:
    prediction = {
        "prompt": "p",
        "reference": "r",
        "base": "<script>alert(1)</script>",
        "tuned": "t",
        "base_score": 0.1,
        "tuned_score": 0.5,
    }
    return early_end | {
        "execution": {"id": "r1", "arn": "a", "status": "SUCCEEDED", "error": None, "cause": None} | WHEN,
        "steps": [step(name, "SUCCEEDED") for name in ("PrepareData", "EvaluateCandidates", "FineTune", "Deploy")],
        "data": prepared(),
        "selection": {
            "floor": 0.3,
            "reason": "no candidate reaches rougeL 0.3",
            "needs_tuning": True,
            "chosen": None,
            "candidates": [refused("zero-shot", 0.2), refused("few-shot", 0.25)],
            "unmeasured": [
                {"index": 2, "name": "nova-pro (zero-shot)", "verdict": "unmeasured", "words": "no <access>"},
            ],
        },
        "tuning": {
            "examples": 6,
            "tokens": 900,
            "loss_before": 4.0,
            "loss_after": 2.8,
            "export": {
                "quantization": "q4_1",
                "bytes": 101_700_000,
                "model_loss": 2.8,
                "quantized_loss": 2.8123,
                "distance": 0.0123,
                "tolerance": 0.05,
            },
            "records": {"train": {"used": 6, "truncated": 0, "skipped": {}}},
            "settings": {"max_length": 112},
            "curve": [{"step": 1, "loss": 4.1}, {"step": 2, "loss": 3.0, "validation_loss": 2.8}],
        },
        "evaluation": {
            "metric": "rougeL",
            "examples": 1,
            "base": 0.1,
            "tuned": 0.5,
            "difference": 0.4,
            "difference_ci": [0.2, 0.6],
            "loss_base": 4.0,
            "loss_tuned": 2.8,
            "loss_reduction": 0.3,
            "tuned_ci": [0.4, 0.6],
            "gate": {"verdict": "passed", "reasons": [], "notes": [], "limits": {"floor": 0.3}},
            "parts": [part("length short, 1-9 words", "kept"), part("the general questions", "undecided")],
            "leak": {"train_records": 7, "count": 0},
            "champion": {"note": "no tuned model is in use"},
            "by_label": None,
            "card": {"training_cost": "9 s of 1 ml.g5.xlarge", "base_model": "s3://b/<m>"},
            "moved": {"better": 1, "same": 0, "worse": 0},
            "best": [prediction],
            "worst": [],
            "weakest": [],
        },
        "approval": {"kind": "manual", "by": "jo", "at": "2026-11-26T00:53:07Z", "waited_s": 141.2},
        "serving": {
            "route": "/v1/summarize",
            "endpoint": "the-endpoint",
            "requests": 2,
            "latency_ms_p50": 40.0,
            "endpoint_requests": 3,
            "endpoint_latency_ms_p50": 31.0,
            "unauthorized_status": 403,
            "examples": [{"prompt": "p", "reference": "r", "output": "an answer"}],
        },
    }
