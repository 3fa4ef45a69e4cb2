"""Choose the cheapest candidate whose quality clears the floor, or say that fine-tuning is needed.

Event: ``{"run", "candidates": [results of evaluate_candidate]}``.
Result: ``{"chosen", "target", "needs_tuning", "best", "reason", "floor"}``; ``target`` is ready to be stored as
the approved target.
Errors: NoCandidateClearsFloor (tuning is disabled), EvaluationIncomplete.
Environment: none. IAM: none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from lambdas.shared import log
from lambdas.shared.cost import in_dollars
from lambdas.shared.errors import EvaluationIncomplete, FunctionError
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import EXTRACTIVE, FEW_SHOT, Run, run_of
from lambdas.shared.targets import BedrockTarget, ExtractiveTarget, Target, target_document


class NoCandidateClearsFloor(FunctionError):
    """Nothing is good enough and nothing may be tuned."""


@dataclass(frozen=True)
class Result:
    """What selection needs of a candidate's evaluation; `document` is all of it."""

    index: int
    model: str
    model_id: str
    strategy: str
    value: float
    usd_per_1k_requests: float
    examples: int
    result_key: str
    document: dict[str, object]


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Apply the rule to one run's results."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    results = [_result(item, run) for item in fields.items("candidates")]
    _check_complete(run, results)
    best = max(results, key=lambda result: (result.value, -result.usd_per_1k_requests, -result.index))
    chosen = choose(results, run.floor)
    if chosen is None and not run.tuning_enabled:
        raise NoCandidateClearsFloor(
            f"The best candidate, {_name(best)}, reaches {run.metric} {best.value:.3f} and the floor is {run.floor}",
            where=best.result_key,
            remedy="Enable tuning, add candidates, or lower selection.floor.",
        )
    return {
        "chosen": chosen.document if chosen else None,
        "target": json.dumps(target_document(_target(chosen, run))) if chosen else None,
        "needs_tuning": chosen is None,
        "best": best.document,
        "reason": _reason(run, chosen, best),
        "floor": run.floor,
    }


def choose(results: list[Result], floor: float) -> Result | None:
    """Give the cheapest result at or above the floor; of equally cheap ones the best, then the first."""
    eligible = [result for result in results if result.value >= floor]
    return min(eligible, key=lambda r: (r.usd_per_1k_requests, -r.value, r.index), default=None)


def _result(fields: Fields, run: Run) -> Result:
    if fields.text("metric") != run.metric:
        raise fields.complaint(f"The candidate was measured by {fields.text('metric')}, not {run.metric}")
    return Result(
        index=fields.integer("index"),
        model=fields.text("model"),
        model_id="" if fields.text("strategy") == EXTRACTIVE else fields.text("model_id"),
        strategy=fields.text("strategy"),
        value=fields.number("value", minimum=0, maximum=1),
        usd_per_1k_requests=fields.number("usd_per_1k_requests", minimum=0),
        examples=fields.integer("examples", minimum=1),
        result_key=fields.text("result_key"),
        document=fields.as_dict(),
    )


def _check_complete(run: Run, results: list[Result]) -> None:
    wanted = sorted(candidate.index for candidate in run.candidates)
    measured = sorted(result.index for result in results)
    sizes = sorted({result.examples for result in results})
    if not wanted or measured != wanted:
        raise EvaluationIncomplete(
            f"Candidates {wanted} were to be measured and {measured} were", remedy="Start the run again."
        )
    if len(sizes) > 1:
        raise EvaluationIncomplete(
            f"Candidates were measured on samples of different sizes: {sizes}",
            remedy="Start the run again: figures over different samples do not compare.",
        )


def _target(chosen: Result, run: Run) -> Target:
    if chosen.strategy == EXTRACTIVE:
        return ExtractiveTarget(run.run_id)
    prompt_key = chosen.result_key if chosen.strategy == FEW_SHOT else None
    return BedrockTarget(chosen.model_id, chosen.strategy, run.run_id, prompt_key)


def _reason(run: Run, chosen: Result | None, best: Result) -> str:
    if chosen is None:
        return f"no candidate reaches {run.metric} {run.floor}; the best, {_name(best)}, has {best.value:.3f}"
    return (
        f"{_name(chosen)} is the cheapest that reaches {run.metric} {run.floor}: "
        f"{chosen.value:.3f} at {in_dollars(chosen.usd_per_1k_requests)} per 1,000 requests"
    )


def _name(result: Result) -> str:
    return f"{result.model} ({result.strategy})"
