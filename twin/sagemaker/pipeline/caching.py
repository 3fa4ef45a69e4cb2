"""Step caching: what a step did before with the same arguments need not be done again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any

from twin.sagemaker.pipeline.steps import Step

# Tags say who pays; they do not change what a job does.
_NO_PART_OF_THE_KEY = ("Tags",)


def cache_key(step: Step, arguments: dict[str, Any]) -> str:
    """What two runs of a step have in common if the one may stand for the other: its name, type and arguments."""
    relevant = {name: value for name, value in arguments.items() if name not in _NO_PART_OF_THE_KEY}
    text = json.dumps([step.name, step.type, relevant], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def latest_hit(entries: Iterable[dict[str, Any]], key: str, for_s: float) -> dict[str, Any] | None:
    """The newest of the entries with that key that is not older than `for_s` seconds.

    An entry is {"key", "time" (epoch seconds), …}.
    """
    oldest = time.time() - for_s
    hits = [entry for entry in entries if entry["key"] == key and entry["time"] >= oldest]
    return max(hits, key=lambda entry: float(entry["time"]), default=None)
