"""Running an execution: the interpreter, the calls of its steps, and the record that both write to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.events import emit
from twin.sagemaker.pipeline.definition import parse
from twin.sagemaker.pipeline.engine import Engine, StepState
from twin.sagemaker.pipeline.expressions import Values
from twin.sagemaker.pipeline.steps import Step
from twin.sagemaker.step_calls import StepCalls
from twin.sagemaker.store import Store

SOURCE = "sagemaker.pipeline"
STEP_SOURCE = "sagemaker.pipeline.step"
_STEPS_FAILED = "Step failure: One or multiple steps failed."

_log = logging.getLogger(__name__)
_stops: dict[str, threading.Event] = {}


def begin(store: Store, pipeline: Json, record: Json) -> None:
    """Run an execution in the background; `record` is its record in the store. What it has done stays done."""
    arn = record["described"]["PipelineExecutionArn"]
    _stops[arn] = threading.Event()
    hooks.in_background(f"pipeline execution {arn}", lambda: _run(store, pipeline, record))


def stop(arn: str) -> None:
    """Tell an execution to stop; nothing happens where none runs under that ARN."""
    if arn in _stops:
        _stops[arn].set()


def stop_all() -> None:
    """Tell every execution to stop: the emulator ends."""
    for event in list(_stops.values()):
        event.set()


def _run(store: Store, pipeline: Json, record: Json) -> None:
    described = record["described"]
    arn = described["PipelineExecutionArn"]
    identifier = arn.rpartition("/")[2]
    emit("started", SOURCE, identifier, arn=arn, pipeline=pipeline["PipelineName"])
    try:
        outcome = _engine(store, pipeline, record).run()
        reason = _STEPS_FAILED if outcome == "Failed" else ""
    except hooks.RoleNotAssumableError as error:
        outcome, reason = "Failed", f"ClientError: {error}"
    except Exception as error:
        _log.exception("The execution %s ended in an error of the emulator's own.", arn)
        outcome, reason = "Failed", f"InternalServerError: {error!r}"
    failure = {"FailureReason": reason} if reason else {}
    _stops.pop(arn, None)
    store.update(described, **failure, PipelineExecutionStatus=outcome)
    emit("finished", SOURCE, identifier, arn=arn, status=outcome, message=reason)


def _engine(store: Store, pipeline: Json, record: Json) -> Engine:
    described = record["described"]
    arn = described["PipelineExecutionArn"]
    definition = parse(record["definition"])
    on_change = recorder(store, record)
    calls = StepCalls(store, pipeline, arn, on_change)
    values = Values(record["parameters"], _facts(pipeline, described))
    values.load_property_file = lambda step, name: calls.property_file(
        definition.all_steps[step], name, values.steps[step]
    )
    return Engine(
        definition,
        values,
        calls,
        hooks.in_background,
        on_change,
        (described.get("ParallelismConfiguration") or {}).get("MaxParallelExecutionSteps"),
        _stops[arn],
        {name: _done(definition.all_steps[name], shown, record) for name, shown in record["steps"].items()},
    )


def _done(step: Step, shown: Json, record: Json) -> StepState:
    """A step that an earlier attempt at the execution has done."""
    return StepState(
        step,
        "Succeeded",
        started=shown["StartTime"],
        ended=shown["EndTime"],
        attempts=shown.get("AttemptCount", 0),
        cached_from=shown.get("CacheHitResult", {}).get("SourcePipelineExecutionArn"),
        metadata=shown.get("Metadata", {}),
        properties=record["properties"][step.name],
    )


def _facts(pipeline: Json, described: Json) -> Json:
    """What `Get: Execution.…` gives."""
    began = datetime.fromtimestamp(described["CreationTime"], UTC).isoformat()
    return {
        "PipelineName": pipeline["PipelineName"],
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineExecutionId": described["PipelineExecutionArn"].rpartition("/")[2],
        "PipelineExecutionArn": described["PipelineExecutionArn"],
        "StartDateTime": began,
        "CurrentDateTime": began,
    }


def recorder(store: Store, record: Json) -> Callable[[StepState], None]:
    """Writes the state of a step into the execution's record, and its beginning and end into the events."""
    identifier = record["described"]["PipelineExecutionArn"].rpartition("/")[2]
    told: set[tuple[str, str]] = set()

    def on_change(state: StepState) -> None:
        name = state.step.name
        with store.lock:
            record["steps"][name] = _summary(state)
            if state.properties is not None:
                record["properties"][name] = state.properties
        if state.retry_in_s is not None and state.ended is None:
            reason = (state.failure_reason or "").split("\n")[0]
            emit("progress", STEP_SOURCE, f"{identifier}/{name}", phase=f"wait for attempt {state.attempts + 1}",
                 eta_s=state.retry_in_s, reason=reason)  # fmt: skip
        kind = "started" if state.ended is None else "finished"
        if (name, kind) in told:
            return
        told.add((name, kind))
        if state.ended is None:
            emit("started", STEP_SOURCE, f"{identifier}/{name}", step=name)
        else:
            wall_s = round(state.ended - state.started, 3)
            message = state.failure_reason or ""
            emit("finished", STEP_SOURCE, f"{identifier}/{name}", step=name, status=state.status, message=message,
                 wall_s=wall_s, cached=state.cached_from is not None)  # fmt: skip

    return on_change


def _summary(state: StepState) -> Json:
    """A step as ListPipelineExecutionSteps shows it."""
    shown = {
        "StepName": state.step.name,
        "StepDisplayName": state.step.display_name or state.step.name,
        "StepDescription": state.step.description,
        "StartTime": state.started,
        "EndTime": state.ended,
        "StepStatus": state.status,
        "AttemptCount": state.attempts or None,
        "FailureReason": state.failure_reason if state.status == "Failed" else None,
        "Metadata": dict(state.metadata) or None,
        "CacheHitResult": {"SourcePipelineExecutionArn": state.cached_from} if state.cached_from else None,
    }
    return {name: value for name, value in shown.items() if value is not None}
