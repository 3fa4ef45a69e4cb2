"""Candidates as their evaluations tell of them, and what the selection says of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lambdas.select_model.results import Result

Select = Callable[..., dict[str, Any]]


def same_shape(candidate: dict[str, Any], figure: tuple[Any, ...]) -> dict[str, Any]:
    """What an evaluation says of a candidate: (value, dollars), or (low, value, dollars)."""
    *low, value, dollars = figure
    return {
        **{name: candidate[name] for name in ("index", "model", "model_id", "strategy")},
        "metric": "rougeL",
        "value": value,
        "ci": [low[0], 2 * value - low[0]] if low else [value, value],
        "chance": 0.05,
        "examples": 24,
        "usd_per_1k_requests": dollars,
        "result_key": f"run=run-7/candidates/{candidate['index']}.json",
    }


def unmeasured(index: int) -> dict[str, Any]:
    """What the state machine says of a candidate that could not be asked."""
    cause = {
        "errorMessage": f"model {index} cannot be asked: AccessDeniedException",
        "errorType": "X",
        "stackTrace": [],
    }
    return {"index": index, "unmeasured": {"Error": "CandidateNotAvailable", "Cause": json.dumps(cause)}}


def words(result: dict[str, Any]) -> list[str]:
    """What the selection says of each candidate."""
    return [verdict["words"] for verdict in result["verdicts"]]


def evaluated(**changes: Any) -> Result:
    """An evaluation as the selection reads it."""
    fields: dict[str, Any] = {
        "index": 0,
        "model": "m",
        "model_id": "m",
        "strategy": "zero-shot",
        "value": 0.5,
        "low": 0.4,
        "high": 1.0,
    }
    fields |= {"chance": 0.0, "usd_per_1k_requests": 1.0, "examples": 24, "result_key": "k", "document": {}}
    return Result(**fields | changes)
