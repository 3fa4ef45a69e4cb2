"""The comparison with the champion, given the predictions of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.compare_with_champion.handler import handle
from lambdas.shared.rouge import rouge_l
from pipelines.tuning.bootstrap import paired_difference
from tests.unit.lambdas.compare_with_champion.predictions import Compare

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


@pytest.fixture
def compare(cloud: Cloud, context: Context, run: dict[str, Any]) -> Compare:
    """Compare a run with these predictions; the report fits them unless it is changed."""

    def start(lines: list[dict[str, Any]], change: dict[str, Any] | None = None, **event: Any) -> dict[str, Any]:
        base_scores, tuned_scores = (
            [rouge_l(line["reference"], line[model]) for line in lines] for model in ("base", "tuned")
        )
        tuned = sum(tuned_scores) / max(len(lines), 1)
        difference, interval = paired_difference(base_scores, tuned_scores, seed=1) if lines else (0.0, (0.0, 0.0))
        report = {
            "gate": {"verdict": "passed"},
            "metric": "rougeL",
            "examples": len(lines),
            "base": {"loss": 4.0, "rougeL": 0.1},
            "tuned": {"loss": 3.0, "rougeL": round(tuned, 4)},
            "loss_reduction": 0.25,
            "difference": {"value": difference, "ci": list(interval), "level": 0.95},
        }
        cloud.put("models", "run=run-7/evaluation/evaluation.json", {**report, **(change or {})})
        cloud.put("models", "run=run-7/evaluation/predictions.jsonl", *lines)
        return handle({"run": run, **event}, context)

    return start
