"""Runs the steps of a definition: each once what it needs has succeeded, as many at a time as are allowed.

After a failure no further step is started; the steps that run are waited for. Of a Condition step's branches
the one that the conditions choose joins the steps, and the other never runs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from twin.sagemaker.pipeline import conditions
from twin.sagemaker.pipeline.definition import Definition
from twin.sagemaker.pipeline.expressions import ExpressionError, Values
from twin.sagemaker.pipeline.graph import dependencies
from twin.sagemaker.pipeline.retries import Retries, StepFailedError, StepStoppedError
from twin.sagemaker.pipeline.steps import Step

Status = Literal["Starting", "Executing", "Succeeded", "Failed", "Stopped"]
Outcome = Literal["Succeeded", "Failed", "Stopped"]
Spawn = Callable[[str, Callable[[], None]], object]
Json = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass
class StepState:
    """How a step that was started stands; times in epoch seconds."""

    step: Step
    status: Status = "Starting"
    started: float = field(default_factory=time.time)
    ended: float | None = None
    attempts: int = 0
    failure_reason: str | None = None
    retry_in_s: float | None = None
    """The wait before the next attempt, while the step waits for one."""
    cached_from: str | None = None
    metadata: Json = field(default_factory=dict)
    properties: Json | None = None
    """What other steps may refer to, once the step has succeeded."""


class Executor(Protocol):
    """Does the work of steps that call the service."""

    def recall(self, step: Step, arguments: Json) -> tuple[Json, Json, str] | None:
        """What an earlier execution left for the same step: properties, metadata, that execution's ARN."""

    def execute(self, step: Step, arguments: Json, state: StepState, stop: threading.Event) -> Json:
        """Do the step's work and give its properties; fill in `state.metadata` once there is something to name.

        Raises StepFailedError, or StepStoppedError once `stop` was set.
        """


@dataclass
class Engine:
    """One execution of a definition.

    Attributes:
        values: parameters and facts; the properties of steps are added as they succeed.
        spawn: runs a function on another thread.
        most_at_once: how many steps may run at a time, or None for as many as there are.
        on_change: called with a step's state whenever that has changed.
        stop: set it to end the execution.
        states: the steps that an earlier attempt at the execution has done; they are not done again.
    """

    definition: Definition
    values: Values
    executor: Executor
    spawn: Spawn
    on_change: Callable[[StepState], None] = lambda _state: None
    most_at_once: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    states: dict[str, StepState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._active = {step.name: step for step in self.definition.steps}
        for state in self.states.values():
            self._take_in(state)

    def run(self) -> Outcome:
        """Run to the end."""
        with self._changed:
            while True:
                for step in self._startable():
                    self._start(step)
                if not self._running():
                    break
                self._changed.wait()
        ends = {state.status for state in self.states.values()}
        if "Failed" in ends:
            return "Failed"
        return "Stopped" if self.stop.is_set() else "Succeeded"

    # ---- scheduling (with the lock held) ----------------------------------------------------------------

    def _running(self) -> list[StepState]:
        return [state for state in self.states.values() if state.status in ("Starting", "Executing")]

    def _startable(self) -> list[Step]:
        if self.stop.is_set() or any(state.status == "Failed" for state in self.states.values()):
            return []
        ready = [
            step
            for step in self._active.values()
            if step.name not in self.states and all(self._succeeded(name) for name in dependencies(step))
        ]
        room = len(ready) if self.most_at_once is None else self.most_at_once - len(self._running())
        return ready[: max(0, room)]

    def _succeeded(self, name: str) -> bool:
        return name in self.states and self.states[name].status == "Succeeded"

    def _start(self, step: Step) -> None:
        self.states[step.name] = StepState(step)
        self.spawn(f"step {step.name}", lambda: self._run_step(self.states[step.name]))

    def _finish(self, state: StepState, status: Status, reason: str | None, properties: Json | None = None) -> None:
        with self._changed:
            state.properties = properties
            self._take_in(state)
            state.failure_reason, state.ended, state.status = reason, time.time(), status
            self.on_change(state)
            self._changed.notify_all()

    def _take_in(self, state: StepState) -> None:
        """Let other steps refer to what a step gave, and the chosen branch of a Condition step join."""
        if state.properties is not None:
            self.values.steps[state.step.name] = state.properties
        if outcome := state.metadata.get("Condition", {}).get("Outcome"):
            branch = state.step.if_steps if outcome == "True" else state.step.else_steps
            self._active.update({step.name: step for step in branch})

    # ---- one step (on its own thread) -------------------------------------------------------------------

    def _run_step(self, state: StepState) -> None:
        try:
            self.on_change(state)
            properties = self._work(state)
        except StepStoppedError:
            self._finish(state, "Stopped", None)
        except StepFailedError as failure:
            self._finish(state, "Failed", failure.reason)
        except ExpressionError as error:
            self._finish(state, "Failed", f"ClientError: {error}")
        except Exception as error:  # whatever it is, the execution must come to an end
            _log.exception("The step %s ended in an error of the executor's own.", state.step.name)
            self._finish(state, "Failed", f"InternalServerError: {error!r}")
        else:
            self._finish(state, "Succeeded", None, properties)

    def _work(self, state: StepState) -> Json:
        step = state.step
        if step.type == "Condition":
            state.status, state.attempts = "Executing", 1
            chosen = all(conditions.holds(one, self.values.resolve) for one in step.arguments["Conditions"])
            state.metadata["Condition"] = {"Outcome": str(chosen)}
            return {}
        arguments = self.values.resolve(dict(step.arguments))
        if step.type == "Fail":
            state.attempts = 1
            state.metadata["Fail"] = {"ErrorMessage": arguments["ErrorMessage"]}
            raise StepFailedError(arguments["ErrorMessage"])
        if step.cache_for_s is not None and (hit := self.executor.recall(step, arguments)):
            properties, state.metadata, state.cached_from = hit
            return properties
        return self._attempts(state, arguments)

    def _attempts(self, state: StepState, arguments: Json) -> Json:
        retries = Retries(state.step.retry_policies)
        while True:
            state.attempts += 1
            state.status, state.retry_in_s = "Executing", None
            self.on_change(state)
            try:
                return self.executor.execute(state.step, arguments, state, self.stop)
            except StepFailedError as failure:
                wait = retries.wait_before_retry(failure)
                if wait is None:
                    raise
                state.failure_reason, state.retry_in_s = failure.reason, wait
                self.on_change(state)
            if self.stop.wait(wait):
                raise StepStoppedError
