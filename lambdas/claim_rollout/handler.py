"""Let one run at a time change what is served, and refuse a run whose champion is no longer the one it met.

A run compares its model with the champion, and puts that champion back should the roll-out fail. Both are wrong
once another run has deployed in between. The state machine repeats a claim that meets another run's roll-out.

Event: ``{"run"}``. Result: ``{"former_holder": execution's ARN or null}``.
Errors: RolloutBusy, ChampionChanged, InvalidTarget.
Environment: LOCK_TABLE, TARGET_PARAMETER, MODEL_DATA_URL_PARAMETER.
IAM: dynamodb:GetItem and dynamodb:UpdateItem on the table; states:DescribeExecution on the state machine's
executions; ssm:GetParameter on both parameters.
"""

from __future__ import annotations

from lambdas.claim_rollout.lock import LostClaim, RolloutLock, is_running
from lambdas.shared import environment, log
from lambdas.shared.errors import FunctionError
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import Run, run_of
from lambdas.shared.targets import Target, read_parameter, read_target


class RolloutBusy(FunctionError):
    """Another run is deploying."""


class ChampionChanged(FunctionError):
    """Another model was deployed since this run began."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Claim the roll-out for one run."""
    run, _ = run_of(event)
    log.add(run_id=run.run_id)
    former = _claim(run)
    _refuse_another_champion(run)
    return {"former_holder": former}


def _claim(run: Run) -> str | None:
    lock = RolloutLock(environment.required("LOCK_TABLE"))
    former = lock.holder()
    if former is not None and former != run.execution_arn and is_running(former):
        raise _busy(former)
    try:
        lock.claim(run.execution_arn, former=former)
    except LostClaim:
        raise _busy(lock.holder() or "another execution") from None
    return former


def _busy(holder: str) -> RolloutBusy:
    return RolloutBusy(
        "Another run is deploying its model", where=holder, remedy="Start a new run when that one has ended."
    )


def _refuse_another_champion(run: Run) -> None:
    target = read_target(environment.required("TARGET_PARAMETER"))
    address = read_parameter(environment.required("MODEL_DATA_URL_PARAMETER"))
    if (target, address) != (run.champion, run.champion_model_data_url):
        raise ChampionChanged(
            f"While this run was on its way, {_named(target)} took the place of {_named(run.champion)}, with which "
            "this run's model was compared",
            where=f"SSM parameter {environment.required('TARGET_PARAMETER')}",
            remedy="Start a new run; it is compared with what is deployed now.",
        )


def _named(target: Target | None) -> str:
    return "no model" if target is None else f"{target.label} of run {target.run_id}"
