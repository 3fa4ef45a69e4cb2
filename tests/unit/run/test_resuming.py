"""What is done with a stopped run when it is resumed: redriven, reported or refused, and that it is told meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from cdk_app.settings import Settings, load_settings
from tests.unit.run.left_behind import WORKFLOW, attempt, leave_run
from twin.run import news, resuming, staging
from twin.run.attempts import Attempt, attempts
from twin.run.board import Board
from twin.run.last_run import LastRun, last_run, settings_of_last_run
from twin.run.resuming import WAITS_FOR_PIPELINE, NothingToResume, resume, resumed_board
from twin.run.session import Begun, Options
from twin.run.standing import standing

Json = dict[str, Any]


class States:
    """Step Functions and SageMaker, as far as an execution is redriven in them; `retried` are pipeline executions."""

    def __init__(self, state: str, refusal: str = "", status: str = "ABORTED") -> None:
        self._state, self._refusal, self._status = state, refusal, status
        self.retried, self.redriven = list[str](), False
        self.exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError, ExecutionNotRedrivable=ClientError)

    def describe_execution(self, **_: Any) -> Json:
        return {**NAMED, "status": self._status, "startDate": 0}

    def describe_state_machine(self, **_: Any) -> Json:
        states = {self._state: {"Comment": "FineTune: for the test."}}
        return {"definition": json.dumps({"States": states})}

    def get_paginator(self, _operation: str) -> Any:
        event = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": self._state}}
        return SimpleNamespace(paginate=lambda **_: [{"events": [event]}])

    def redrive_execution(self, **_: Any) -> None:
        if self._refusal:
            raise ClientError({"Error": {"Code": "ExecutionNotRedrivable", "Message": self._refusal}}, "Redrive")
        self.redriven = True

    def list_pipelines(self) -> Json:
        return {"PipelineSummaries": [{"PipelineName": "p"}]}

    def list_pipeline_executions(self, **_: Any) -> Json:
        execution = {"PipelineExecutionStatus": "Failed", "PipelineExecutionArn": "arn:pipeline"}
        return {"PipelineExecutionSummaries": [execution]}

    def retry_pipeline_execution(self, *, PipelineExecutionArn: str) -> None:  # noqa: N803  (the API's name)
        self.retried.append(PipelineExecutionArn)


NAMED = {"executionArn": "arn:e:r1", "stateMachineArn": "arn:m", "name": "r1"}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(WORKFLOW, "twin")


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings) -> Callable[..., Begun]:
    """Resume a run in an account of which nothing is real; how it is then followed."""
    monkeypatch.setattr(staging, "stack_outputs", lambda *_: {"StateMachineArn": "arn:m"})

    def resume_in(states: States, emulator: Callable[..., Any] | None = None) -> Begun:
        opened = nullcontext(SimpleNamespace(client=lambda _service: states))
        monkeypatch.setattr(resuming, "Emulator", emulator or (lambda *_, **__: opened))
        monkeypatch.setattr(resuming, "wait_for_endpoints", lambda *_: None)
        monkeypatch.setattr(resuming, "conclude", lambda begun, *_: begun)
        begun: Any = resume("arn:e:r1", settings, Options(tmp_path, Path("w.yaml")), resumed_board(), lambda *_: None)
        return cast(Begun, begun)

    return resume_in


@pytest.mark.parametrize(
    ("state", "retried"),
    [*((state, True) for state in sorted(WAITS_FOR_PIPELINE)), ("ExplainPipelineFailure", False)],
)
def test_a_pipeline_is_retried_where_the_run_waits_for_it_and_not_where_it_is_on_its_way_out(
    go_on: Callable[..., Begun], state: str, retried: bool
) -> None:
    states = States(state)
    begun = go_on(states)
    assert states.retried == ["arn:pipeline"] * retried
    assert (begun.step, begun.seen) == ("FineTune", 1)


def test_a_run_that_may_not_be_redriven_says_why_and_that_is_no_attempt(
    go_on: Callable[..., Begun], tmp_path: Path
) -> None:
    account = leave_run(tmp_path, attempt("interrupted"))
    with pytest.raises(NothingToResume, match="r1 cannot go on: it ended more than 14 days ago"):
        go_on(States("Record", refusal="it ended more than 14 days ago"))
    assert attempts(account) == (attempt("interrupted"),)


def test_a_run_that_goes_on_says_its_id_and_one_that_is_refused_does_not(
    go_on: Callable[..., Begun], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[news.News] = []
    monkeypatch.setattr(Board, "tell", lambda _board, told: heard.append(told))
    with pytest.raises(NothingToResume):
        go_on(States("Record", refusal="it ended more than 14 days ago"))
    assert heard == []
    go_on(States("Record"))
    assert heard == [news.Begun("r1", again=True)]


def test_a_run_that_is_resumed_is_told_from_before_its_emulator_starts_until_it_has_ended(
    go_on: Callable[..., Begun], tmp_path: Path
) -> None:
    account, told = leave_run(tmp_path, attempt("interrupted")), list[str]()

    def interrupted(_service: str) -> None:
        raise KeyboardInterrupt

    @contextmanager
    def emulator(*_: Any, **__: Any) -> Iterator[Any]:
        told.append(str(standing(account)))
        try:
            yield SimpleNamespace(client=interrupted)
        finally:
            told.append(str(standing(account)))

    with pytest.raises(KeyboardInterrupt):
        go_on(States("Record"), emulator)
    assert told == [
        "The run r1 is starting, resumed.",
        "The run r1 has been stopped, and what it had started is ending.",
    ]
    assert [one.how for one in attempts(account)] == ["interrupted", "interrupted"]


@pytest.mark.parametrize(
    ("left", "told", "status", "redriven"),
    [
        ([attempt("TIMED_OUT")], 0, "TIMED_OUT", False),
        ([attempt("TIMED_OUT")], 1, "TIMED_OUT", True),
        # It was killed before it could say that it has succeeded; the report is of the attempt before.
        ([attempt("FAILED"), attempt()], 1, "SUCCEEDED", False),
    ],
)
def test_of_a_run_that_has_ended_and_is_not_reported_only_the_report_is_written(
    go_on: Callable[..., Begun], tmp_path: Path, left: list[Attempt], told: int, status: str, redriven: bool
) -> None:
    leave_run(tmp_path, *left, report=left[0].how if told else None, told=told)
    states = States("Record", status=status)
    begun = go_on(states)
    assert (states.redriven, begun.seen) == (redriven, 1 if redriven else 0)


def test_the_choices_of_a_run_are_kept_for_whoever_goes_on_with_it(tmp_path: Path) -> None:
    assert last_run(tmp_path) is None
    chosen = LastRun("arn:e:r1", tmp_path / "runs", {"tuning": {"epochs": 2}}, b"task: summarize")
    chosen.remember(tmp_path)
    assert last_run(tmp_path) == chosen
    assert settings_of_last_run(tmp_path).read_bytes() == b"task: summarize"
