"""Choose the cheapest candidate whose quality surely reaches the floor, or say that fine-tuning is needed.

A candidate that could not be measured is out; when none could be, the run ends.

Event: ``{"run", "candidates"}``; of each candidate the result of evaluate_candidate, or ``{"index", "unmeasured":
{"Error", "Cause"}}``.
Result: ``{"chosen", "target", "needs_tuning", "best", "reason", "floor", "verdicts": [{"index", "name", "verdict",
"words"}]}``; ``target`` is ready to be stored as the approved target.
Errors: NoCandidateClearsFloor (tuning is disabled), NoCandidateMeasured, EvaluationIncomplete, VacuousFloor,
TooFewRecords.
Environment: none. IAM: none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lambdas.select_model.choosing import check_amount, check_floor, choose, refusal, verdicts
from lambdas.select_model.results import Result, Unmeasured, read_results
from lambdas.shared import log
from lambdas.shared.cost import in_dollars
from lambdas.shared.errors import FunctionError
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import EXTRACTIVE, FEW_SHOT, RETRIEVAL, Run, run_of
from lambdas.shared.targets import BedrockTarget, ExtractiveTarget, Target, target_document


class NoCandidateClearsFloor(FunctionError):
    """Nothing is good enough and nothing may be tuned."""


class NoCandidateMeasured(FunctionError):
    """Every candidate failed: there is nothing to compare, nor a sign that tuning is needed."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Apply the rule to one run's results."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    results, missing = read_results(fields.items("candidates"), run)
    if not results:
        raise _nothing_measured(missing)
    check_floor(results, run)
    best = max(results, key=lambda r: (r.value, -r.usd_per_1k_requests, -r.index))
    chosen = choose(results, run.floor)
    if chosen is None:
        check_amount(results, run)
        if not run.tuning_enabled:
            raise _nothing_good_enough(best, run)
    return {
        "chosen": chosen.document if chosen else None,
        "target": json.dumps(target_document(_target(chosen, run))) if chosen else None,
        "needs_tuning": chosen is None,
        "best": best.document,
        "reason": f"{_reason(run, chosen, best)}{_not_measured(missing)}",
        "floor": run.floor,
        "verdicts": verdicts(results, missing, chosen, run.floor, run.task_kind),
    }


def _nothing_measured(missing: Sequence[Unmeasured]) -> NoCandidateMeasured:
    return NoCandidateMeasured(
        f"None of the {len(missing)} candidates could be measured. {_reasons(missing)}",
        remedy="Correct what the candidates say, and start a new run.",
    )


def _not_measured(missing: Sequence[Unmeasured]) -> str:
    """Name what was not compared, to be read after the choice: it may be cheaper than what was chosen."""
    return f"; not measured: {_reasons(missing)}" if missing else ""


def _reasons(missing: Sequence[Unmeasured]) -> str:
    return "; ".join(f"{candidate.name}: {candidate.reason}" for candidate in missing)


def _nothing_good_enough(best: Result, run: Run) -> NoCandidateClearsFloor:
    return NoCandidateClearsFloor(
        f"The best candidate, {best.name}, does not surely reach {run.metric} {run.floor:g}: "
        f"{refusal(best, run.floor, run.task_kind)}",
        where=best.result_key,
        remedy="Enable tuning, add candidates, enlarge the sample, or lower selection.floor.",
    )


def _target(chosen: Result, run: Run) -> Target:
    if chosen.strategy == EXTRACTIVE:
        return ExtractiveTarget(run.run_id)
    prompt_key = chosen.result_key if chosen.strategy in (FEW_SHOT, RETRIEVAL) else None
    sampling = next(candidate.sampling for candidate in run.candidates if candidate.index == chosen.index)
    return BedrockTarget(chosen.model_id, chosen.strategy, run.run_id, prompt_key, sampling)


def _reason(run: Run, chosen: Result | None, best: Result) -> str:
    if chosen is None:
        words = refusal(best, run.floor, run.task_kind)
        return f"no candidate surely reaches {run.metric} {run.floor:g}; the best is {best.name}: {words}"
    return (
        f"{chosen.name} is the cheapest that surely reaches {run.metric} {run.floor:g}: "
        f"{chosen.value:.3f}, and at least {chosen.low:.3f}, at {in_dollars(chosen.usd_per_1k_requests)} per 1,000 "
        "requests"
    )
