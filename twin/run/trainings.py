"""Where training goes on after it was stopped, out of the twin's events.

A training job that is started again, here or after its spot instance was lost, counts on from its checkpoint. How far
the one before it had come, only the events say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twin.run.news import WentOn

SEARCH = "sagemaker.tuning"
"""Who says that hyperparameters are searched: the trials train beside each other, and none goes on from another."""
TRAINED_BY = ("sagemaker.training", "bedrock.customization")
"""Who says that a training has ended."""


class Trainings:
    """How far the training has come that has not ended well."""

    def __init__(self, before: Iterable[dict[str, Any]] = ()) -> None:
        self._last: int | None = None
        self._searched = False
        for record in before:
            self.take(record)

    def take(self, record: dict[str, Any]) -> WentOn | None:
        """Note an event; where it says that a training goes on after a stop, return from which step."""
        kind = record.get("kind")
        self._searched = self._searched or record.get("source") == SEARCH
        if kind == "finished" and record.get("source") in TRAINED_BY and record.get("status") == "Completed":
            self._last = None
        if self._searched or kind != "progress" or record.get("phase") != "train":
            return None
        last, step = self._last, int(record.get("done") or 0)
        self._last = step
        # The first word of a process on its steps is from before it has taken one, and so has no loss.
        if "loss" in record or not (step or last):
            return None
        return WentOn(step, int(record.get("total") or 0), None if last is None else max(0, last - step))
