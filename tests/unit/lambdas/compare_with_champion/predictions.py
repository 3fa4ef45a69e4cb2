"""Predictions of an evaluation, and the champion that they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

REFERENCE = "one two three four"
GOOD, FAIR, POOR = "one two three four", "one two x y", "z"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fourfold-dev-fine-tune/execution/abc123def456"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
Compare = Callable[..., dict[str, Any]]


def predictions(base: str, tuned: str, count: int = 30, first: int = 0) -> list[dict[str, Any]]:
    """What two models answered to the same records, one line a record."""
    return [
        {
            "record_id": f"r{number}",
            "prompt": "Summarize in one sentence.\n\nOne two three four. Z.",
            "reference": REFERENCE,
            "base": base,
            "tuned": tuned,
            "base_score": 0,
            "tuned_score": 0,
        }
        for number in range(first, first + count)
    ]


def champion(run_id: str = "run-3") -> dict[str, Any]:
    """A tuned model in use."""
    return {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": run_id}
