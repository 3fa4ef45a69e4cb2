"""The engine: order, branches, failures, retries, caching, stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sagemaker.pipeline import caching
from twin.sagemaker.pipeline.definition import Definition
from twin.sagemaker.pipeline.engine import Engine, StepState
from twin.sagemaker.pipeline.expressions import ExpressionError, Values
from twin.sagemaker.pipeline.graph import all_steps, dependencies
from twin.sagemaker.pipeline.retries import RetryPolicy, StepFailedError, StepStoppedError
from twin.sagemaker.pipeline.steps import Step

Json = dict[str, Any]
Work = Callable[[Step, threading.Event], Json]


def spawn(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


class Recorder:
    """An executor that notes what it is asked to do."""

    def __init__(self, work: Work | None = None, remembered: Json | None = None) -> None:
        self.work = work or (lambda _step, _stop: {})
        self.remembered = remembered or {}
        self.log: list[tuple[str, str]] = []
        self.arguments: dict[str, Json] = {}
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()

    def recall(self, step: Step, arguments: Json) -> tuple[Json, Json, str] | None:
        properties = self.remembered.get(step.name)
        return (properties, {"TrainingJob": {"Arn": "former"}}, "former-execution") if properties else None

    def execute(self, step: Step, arguments: Json, state: StepState, stop: threading.Event) -> Json:
        with self._lock:
            self.log.append(("begins", step.name))
            self.arguments[step.name] = arguments
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            return self.work(step, stop)
        finally:
            with self._lock:
                self._now -= 1
                self.log.append(("ends", step.name))

    def begun(self) -> list[str]:
        return [name for event, name in self.log if event == "begins"]


def engine_of(steps: list[Step], recorder: Recorder, **settings: Any) -> Engine:
    definition = Definition((), tuple(steps), {step.name: step for step in all_steps(steps)})
    return Engine(definition, Values({}, {}), recorder, spawn, **settings)


def train(name: str, *after: str, **settings: Any) -> Step:
    return Step(name, "Training", depends_on=frozenset(after), **settings)


GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*(st.sets(st.integers(0, max(0, number - 1))) for number in range(size)))
)


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.none() | st.integers(1, 3))
def test_each_step_runs_once_and_after_what_it_needs(graph: tuple[set[int], ...], most: int | None) -> None:
    steps = [train(f"s{number}", *(f"s{n}" for n in needed if n < number)) for number, needed in enumerate(graph)]
    recorder = Recorder()
    engine = engine_of(steps, recorder, most_at_once=most)
    assert engine.run() == "Succeeded"
    assert sorted(recorder.begun()) == sorted(step.name for step in steps)
    for step in steps:
        for needed in dependencies(step):
            assert recorder.log.index(("ends", needed)) < recorder.log.index(("begins", step.name))
    assert recorder.most_at_once <= (most or len(steps))


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.integers(0, 7))
def test_nothing_that_needs_a_failed_step_runs(graph: tuple[set[int], ...], failing: int) -> None:
    steps = [train(f"s{number}", *(f"s{n}" for n in needed if n < number)) for number, needed in enumerate(graph)]
    broken = f"s{failing % len(steps)}"

    def work(step: Step, _stop: threading.Event) -> Json:
        if step.name == broken:
            raise StepFailedError("broken")
        return {}

    engine = engine_of(steps, Recorder(work))
    assert engine.run() == "Failed"
    assert engine.states[broken].failure_reason == "broken"
    for step in steps:
        if broken in dependencies(step):
            assert step.name not in engine.states


def test_after_a_failure_nothing_more_begins() -> None:
    def work(_step: Step, _stop: threading.Event) -> Json:
        raise StepFailedError("broken")

    recorder = Recorder(work)
    assert engine_of([train("a"), train("b")], recorder, most_at_once=1).run() == "Failed"
    assert recorder.begun() == ["a"]


def test_steps_that_need_nothing_of_each_other_run_together() -> None:
    meeting = threading.Barrier(3, timeout=10)
    recorder = Recorder(lambda _step, _stop: {"met": meeting.wait()})
    assert engine_of([train("a"), train("b"), train("c")], recorder).run() == "Succeeded"


def test_no_more_steps_run_at_a_time_than_are_allowed() -> None:
    meeting = threading.Barrier(2, timeout=10)
    recorder = Recorder(lambda _step, _stop: {"met": meeting.wait()})
    steps = [train(name) for name in "abcdef"]
    assert engine_of(steps, recorder, most_at_once=2).run() == "Succeeded"
    assert recorder.most_at_once == 2


def test_a_step_sees_the_properties_of_those_it_refers_to() -> None:
    steps = [train("a"), Step("b", "Training", arguments={"Data": {"Get": "Steps.a.Model.Uri"}})]
    recorder = Recorder(lambda step, _stop: {"Model": {"Uri": f"s3://{step.name}"}})
    engine_of(steps, recorder).run()
    assert recorder.arguments["b"] == {"Data": "s3://a"}


# ---- branches ------------------------------------------------------------------------------------------


def gate(value: int, limit: int) -> Step:
    condition = {"Type": "GreaterThan", "LeftValue": value, "RightValue": limit}
    return Step(
        "gate",
        "Condition",
        arguments={"Conditions": [condition]},
        if_steps=(train("good"), train("better", "good")),
        else_steps=(Step("bad", "Fail", arguments={"ErrorMessage": "too low"}),),
    )


def test_the_chosen_branch_runs_and_the_other_does_not() -> None:
    recorder = Recorder()
    engine = engine_of([gate(2, 1)], recorder)
    assert engine.run() == "Succeeded"
    assert recorder.begun() == ["good", "better"]
    assert engine.states["gate"].metadata == {"Condition": {"Outcome": "True"}}
    assert "bad" not in engine.states


def test_a_fail_step_fails_the_execution_with_its_message() -> None:
    engine = engine_of([gate(1, 2)], Recorder())
    assert engine.run() == "Failed"
    assert engine.states["bad"].failure_reason == "too low"
    assert engine.states["bad"].metadata == {"Fail": {"ErrorMessage": "too low"}}


def test_all_conditions_must_hold() -> None:
    step = gate(2, 1)
    step.arguments["Conditions"].append({"Type": "Equals", "LeftValue": 1, "RightValue": 2})
    assert engine_of([step], Recorder()).run() == "Failed"


def test_a_figure_that_is_missing_fails_the_step_and_names_it() -> None:
    figure = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.a.PropertyFiles.F"}, "Path": "loss"}}
    condition = {"Type": "LessThan", "LeftValue": figure, "RightValue": 1}
    engine = engine_of([train("a"), Step("gate", "Condition", arguments={"Conditions": [condition]})], Recorder())

    def load(step: str, name: str) -> Any:
        raise ExpressionError(f"{name} of {step} is not there")

    engine.values.load_property_file = load
    assert engine.run() == "Failed"
    assert engine.states["gate"].failure_reason == "ClientError: F of a is not there"


# ---- failures ------------------------------------------------------------------------------------------


def test_an_error_of_the_executor_itself_ends_the_execution() -> None:
    def work(_step: Step, _stop: threading.Event) -> Json:
        raise KeyError("oops")

    engine = engine_of([train("a")], Recorder(work))
    assert engine.run() == "Failed"
    assert "KeyError('oops')" in (engine.states["a"].failure_reason or "")


def failing(times: int, kind: str) -> Recorder:
    left = [times]

    def work(_step: Step, _stop: threading.Event) -> Json:
        if left[0]:
            left[0] -= 1
            raise StepFailedError("no capacity", frozenset({kind}))
        return {}

    return Recorder(work)


def retried(**policy: Any) -> Step:
    return train("a", retry_policies=(RetryPolicy.parse({"IntervalSeconds": 0, **policy}),))


def test_a_failure_that_a_policy_names_is_tried_again() -> None:
    step = retried(ExceptionType=["SageMaker.CAPACITY_ERROR"], MaxAttempts=3)
    recorder = failing(3, "SageMaker.CAPACITY_ERROR")
    engine = engine_of([step], recorder)
    assert engine.run() == "Succeeded"
    assert engine.states["a"].attempts == 4
    assert engine.states["a"].failure_reason is None


def test_whoever_watches_learns_of_the_wait_before_a_retry() -> None:
    step = retried(ExceptionType=["SageMaker.CAPACITY_ERROR"], IntervalSeconds=0.01)
    engine = engine_of([step], failing(1, "SageMaker.CAPACITY_ERROR"))
    seen: list[tuple[int, float | None]] = []
    engine.on_change = lambda state: seen.append((state.attempts, state.retry_in_s))
    assert engine.run() == "Succeeded"
    assert (1, 0.01) in seen
    assert seen[-1] == (2, None)


def test_attempts_end_where_the_policy_says() -> None:
    step = retried(ExceptionType=["SageMaker.CAPACITY_ERROR"], MaxAttempts=2)
    engine = engine_of([step], failing(9, "SageMaker.CAPACITY_ERROR"))
    assert engine.run() == "Failed"
    assert engine.states["a"].attempts == 3


def test_a_failure_that_no_policy_names_is_final() -> None:
    step = retried(ExceptionType=["Step.THROTTLING"])
    engine = engine_of([step], failing(1, "SageMaker.CAPACITY_ERROR"))
    assert engine.run() == "Failed"
    assert engine.states["a"].attempts == 1


def test_waits_grow_by_the_backoff_rate_until_the_policy_expires() -> None:
    from twin.sagemaker.pipeline.retries import Retries

    failure = StepFailedError("x", frozenset({"Step.THROTTLING"}))
    policy = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 10, "BackoffRate": 2.0}
    retries = Retries([RetryPolicy.parse({**policy, "MaxAttempts": 3})])
    assert [retries.wait_before_retry(failure) for _ in range(4)] == [10, 20, 40, None]
    expiring = Retries([RetryPolicy.parse({**policy, "ExpireAfterMin": 1})])
    assert [expiring.wait_before_retry(failure) for _ in range(4)] == [10, 20, 40, None]


# ---- caching -------------------------------------------------------------------------------------------


def test_what_is_remembered_is_not_done_again() -> None:
    steps = [train("a", cache_for_s=60), train("b", "a", cache_for_s=60)]
    recorder = Recorder(remembered={"a": {"Model": 1}})
    engine = engine_of(steps, recorder)
    assert engine.run() == "Succeeded"
    assert recorder.begun() == ["b"]
    assert engine.states["a"].cached_from == "former-execution"
    assert engine.values.steps["a"] == {"Model": 1}


def test_a_step_without_caching_is_always_done() -> None:
    recorder = Recorder(remembered={"a": {"Model": 1}})
    engine_of([train("a")], recorder).run()
    assert recorder.begun() == ["a"]


def test_the_cache_key_is_the_arguments_and_nothing_that_only_labels() -> None:
    step = train("a")
    key = caching.cache_key(step, {"Data": "s3://x", "Tags": []})
    assert key == caching.cache_key(step, {"Tags": [{"Key": "team", "Value": "b"}], "Data": "s3://x"})
    assert key != caching.cache_key(step, {"Data": "s3://y", "Tags": []})
    assert key != caching.cache_key(train("b"), {"Data": "s3://x", "Tags": []})


def test_the_newest_hit_counts_unless_it_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [{"key": "k", "time": 100.0}, {"key": "k", "time": 200.0}, {"key": "other", "time": 300.0}]
    monkeypatch.setattr(time, "time", lambda: 250.0)
    assert caching.latest_hit(entries, "k", 60) == entries[1]
    assert caching.latest_hit(entries, "k", 40) is None


# ---- stopping ------------------------------------------------------------------------------------------


def test_a_stopped_execution_starts_nothing_more() -> None:
    def work(_step: Step, stop: threading.Event) -> Json:
        stop.set()  # as StopPipelineExecution does meanwhile
        raise StepStoppedError

    engine = engine_of([train("a"), train("b")], Recorder(work), most_at_once=1)
    assert engine.run() == "Stopped"
    assert engine.states["a"].status == "Stopped"
    assert "b" not in engine.states


def test_what_an_earlier_attempt_has_done_is_not_done_again() -> None:
    fails = [True]

    def work(step: Step, _stop: threading.Event) -> Json:
        if step.name == "better" and fails.pop():
            raise StepFailedError("the disk is full")
        return {"Name": step.name}

    recorder = Recorder(work)
    steps = [train("first"), gate(2, 1)]
    engine = engine_of(steps, recorder, most_at_once=1)
    assert engine.run() == "Failed"
    done = {name: state for name, state in engine.states.items() if state.status == "Succeeded"}
    assert done.keys() == {"first", "gate", "good"}

    fails.append(False)
    again = engine_of(steps, recorder, states=done)
    assert again.run() == "Succeeded"
    assert recorder.begun() == ["first", "good", "better", "better"]
    assert again.values.steps.keys() == {"first", "gate", "good", "better"}


def test_stopping_ends_the_wait_for_a_retry() -> None:
    step = train("a", retry_policies=(RetryPolicy(frozenset({"Step.THROTTLING"}), interval_s=600),))
    recorder = failing(9, "Step.THROTTLING")
    engine = engine_of([step], recorder)

    def stop_after_failure(state: StepState) -> None:
        if state.failure_reason:
            engine.stop.set()

    engine.on_change = stop_after_failure
    assert engine.run() == "Stopped"
