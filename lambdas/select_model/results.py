"""What came of each candidate: its figures, or why it has none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.shared.errors import EvaluationIncomplete
from lambdas.shared.fields import Fields
from lambdas.shared.run import EXTRACTIVE, Candidate, Run

MOST_REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Result:
    """What selection needs of a candidate's evaluation; `document` is all of it. `low` and `high` bound `value`."""

    index: int
    model: str
    model_id: str
    strategy: str
    value: float
    low: float
    high: float
    chance: float
    usd_per_1k_requests: float
    examples: int
    result_key: str
    document: dict[str, object]

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"{self.model} ({self.strategy})"

    @property
    def key(self) -> tuple[str, str, int]:
        """What decides between equals, so that the order of the settings comes last."""
        return self.model, self.strategy, self.index


@dataclass(frozen=True)
class Unmeasured:
    """A candidate that could not be measured, and the reason in words."""

    index: int
    name: str
    reason: str


def read_results(items: Sequence[Fields], run: Run) -> tuple[list[Result], list[Unmeasured]]:
    """Read what the evaluations gave, one for each of the run's candidates.

    Raises:
        EvaluationIncomplete: one is missing or there twice, or they were measured on different numbers of records.
        InvalidEvent: a figure is missing or impossible.
    """
    wanted = sorted(candidate.index for candidate in run.candidates)
    found = sorted(item.integer("index") for item in items)
    if not wanted or found != wanted:
        raise EvaluationIncomplete(
            f"Candidates {wanted} were to be measured and {found} were", remedy="Start the run again."
        )
    candidates = {candidate.index: candidate for candidate in run.candidates}
    missing = [_unmeasured(item, candidates[item.integer("index")]) for item in items if "unmeasured" in item]
    results = [_result(item, run) for item in items if "unmeasured" not in item]
    sizes = sorted({result.examples for result in results})
    if len(sizes) > 1:
        raise EvaluationIncomplete(
            f"Candidates were measured on samples of different sizes: {sizes}",
            remedy="Start the run again: figures over different samples do not compare.",
        )
    return results, missing


def _result(fields: Fields, run: Run) -> Result:
    if fields.text("metric") != run.metric:
        raise fields.complaint(f"The candidate was measured by {fields.text('metric')}, not {run.metric}")
    value = fields.number("value", minimum=0, maximum=1)
    low, high = fields.numbers("ci", 2)
    if not 0 <= low <= value <= high <= 1:
        raise fields.complaint(f"The interval {low} to {high} does not hold the figure {value}")
    return Result(
        index=fields.integer("index"),
        model=fields.text("model"),
        model_id="" if fields.text("strategy") == EXTRACTIVE else fields.text("model_id"),
        strategy=fields.text("strategy"),
        value=value,
        low=low,
        high=high,
        chance=fields.number("chance", minimum=0, maximum=1),
        usd_per_1k_requests=fields.number("usd_per_1k_requests", minimum=0),
        examples=fields.integer("examples", minimum=1),
        result_key=fields.text("result_key"),
        document=fields.as_dict(),
    )


def _unmeasured(fields: Fields, candidate: Candidate) -> Unmeasured:
    error = fields.fields("unmeasured")
    name, cause = error.text("Error", default="Unknown"), str(error.as_dict().get("Cause") or "")
    reason = _message(cause) or name
    return Unmeasured(candidate.index, f"{candidate.model} ({candidate.strategy})", reason[:MOST_REASON_CHARACTERS])


def _message(cause: str) -> str:
    """Give a function's own words; the cause of one that was ended from outside is plain text."""
    try:
        value = json.loads(cause)
    except (ValueError, RecursionError):
        return cause.strip()
    return str(value.get("errorMessage", "")).strip() if isinstance(value, dict) else cause.strip()
