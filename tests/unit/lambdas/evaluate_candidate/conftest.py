"""The evaluation of a candidate on twenty records, and what it would have waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.asking import BedrockModel
from lambdas.evaluate_candidate.handler import handle
from tests.unit.lambdas.evaluate_candidate.bedrock import PREFIX, Curated, Evaluate, converse_answer, question

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


@pytest.fixture
def evaluate(cloud: Cloud, context: Context, run: dict[str, Any], record: Curated) -> Evaluate:
    """Evaluate the candidate of an index on twenty records, eight of which are sampled."""
    for part in range(2):
        cloud.put(
            "curated",
            f"{PREFIX}validation/part-{part:05}.jsonl",
            *(record(f"v{part}{n}", f"Text {part}{n} alpha. Other words.", f"Summary {part}{n}.") for n in range(10)),
        )
    cloud.put("curated", f"{PREFIX}train/part-00000.jsonl", *(record(f"t{n}", f"T{n}", f"S{n}") for n in range(9)))
    cloud.on("bedrock-runtime", "Converse", lambda params: converse_answer(question(params)))
    return lambda index: handle({"run": run, "candidate": run["candidates"][index]}, context)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the function would have waited, without waiting."""
    found: list[float] = []
    monkeypatch.setattr(BedrockModel.__init__, "__defaults__", (found.append,))
    return found
