"""A run's report is written whatever becomes of the deployed model, and the run's own choices are kept to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cdk_app.settings import Settings, load_settings
from twin.run import session, staging
from twin.run.api import ProbeFailed
from twin.run.board import Board, Status
from twin.run.execution import Outcome
from twin.run.last_run import LastRun, last_run
from twin.run.news import Begun, News
from twin.run.session import Finished, Options
from twin.run.standing import standing

PROJECT = Path(__file__).resolve().parents[3]
MACHINE, EXECUTION = "arn:aws:states:r:1:stateMachine:m", "arn:aws:states:r:1:execution:m:r1"
GOOD = Outcome("arn", "r1", "SUCCEEDED", {})
BAD = Outcome("arn", "r1", "FAILED", {}, "TooFewRecords", "why")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(PROJECT / "workflow.yaml", "twin")


@pytest.fixture
def ended() -> list[str]:
    """How each run stood when its emulator began to end."""
    return []


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, ended: list[str]) -> Any:
    """Run a workflow of which nothing is real: `used` is what using the deployed model gives, or raises."""

    account = session.emulator_folder(tmp_path)
    account.mkdir(parents=True)

    def run_it(outcome: Outcome, used: Any, begin: Any = None) -> tuple[Finished, list[Finished], Board]:
        def use(*_: Any) -> Any:
            if isinstance(used, BaseException):
                raise used
            return used

        emulator = SimpleNamespace(events_file=Path("events.jsonl"), work_dir=account)

        @contextmanager
        def opened() -> Iterator[Any]:
            try:
                yield emulator
            finally:
                ended.append(str(standing(account)))

        workflow = tmp_path / "w.yaml"
        workflow.write_text("task: summarize")
        for name, stub in {
            "synthesize": lambda *_: Path("cdk.out"),
            "new_account": lambda _: opened(),
            "deploy_stacks": lambda *_: None,
            "stage": lambda *_: None,
            "start": begin or (lambda *_: "arn"),
            "follow": lambda *_: outcome,
            "use": use,
        }.items():
            monkeypatch.setattr(session, name, stub)
        monkeypatch.setattr(staging, "stack_outputs", lambda *_: {"StateMachineArn": MACHINE})
        board, reported = session.new_board(), []
        finished = session.run(
            settings,
            Options(tmp_path, workflow, run_id="r1", output=tmp_path / "runs", overrides={"dataset": "docs"}),
            board,
            lambda _, finished: reported.append(finished),
        )
        return finished, reported, board

    return run_it


@pytest.mark.parametrize("error", [ProbeFailed("it answered 501"), ConnectionResetError("gone"), KeyError("ApiUrl")])
def test_an_error_in_using_the_deployed_model_is_part_of_the_report_and_not_its_end(run: Any, error: Exception) -> None:
    finished, reported, board = run(GOOD, error)

    assert reported == [finished]
    assert (finished.error, finished.probed, finished.good) == (error, None, False)
    assert board.steps["Use"].status is Status.FAILED


def test_a_run_whose_model_answers_is_good(run: Any) -> None:
    finished, reported, _ = run(GOOD, "what was seen")

    assert reported == [finished]
    assert (finished.probed, finished.good) == ("what was seen", True)


def test_a_failed_execution_is_reported_and_nothing_is_used(run: Any) -> None:
    finished, reported, board = run(BAD, AssertionError("must not be asked"))

    assert reported == [finished]
    assert (finished.error, finished.good) == (None, False)
    assert board.steps["Use"].status is Status.SKIPPED


def test_what_goes_on_with_a_run_is_kept_before_it_starts_with_the_settings_that_were_deployed(
    run: Any, tmp_path: Path, ended: list[str]
) -> None:
    account, told = session.emulator_folder(tmp_path), list[str]()

    def begin(*_: Any) -> None:
        (tmp_path / "w.yaml").write_text("changed since")
        told.append(str(standing(account)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(GOOD, None, begin)

    assert told == ["The run r1 is starting."]
    assert ended == ["The run r1 has been stopped, and what it had started is ending."]
    assert last_run(account) == LastRun(EXECUTION, tmp_path / "runs", {"dataset": "docs"}, b"task: summarize")


def test_a_run_says_its_id_once_and_before_its_workflow_begins(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[News] = []
    monkeypatch.setattr(Board, "tell", lambda _board, news: heard.append(news))
    run(GOOD, None, lambda *_: heard.append(Begun("the workflow")))

    assert heard == [Begun("r1"), Begun("the workflow")]


def test_ctrl_c_while_the_model_is_used_ends_the_run(run: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(GOOD, KeyboardInterrupt())


def record(name: str, length: int) -> dict[str, Any]:
    turns = [{"role": "user", "content": "x" * length}, {"role": "assistant", "content": "y"}]
    return {"record_id": name, "messages": turns}


def test_texts_to_ask_for_are_of_the_shorter_half_in_a_fixed_order() -> None:
    records = [record("d", 10), record("c", 900), record("b", 20), record("a", 30), record("e", 800), record("f", 700)]

    assert [r["record_id"] for r in session.choose(records, 2)] == ["a", "b"]
    assert len(session.choose(records, 5)) == 5


def test_the_data_set_is_the_one_that_the_run_s_input_names(settings: Settings) -> None:
    plain = Options(PROJECT, Path("w.yaml"))
    other = Options(PROJECT, Path("w.yaml"), overrides={"dataset": "contracts"})

    assert session.dataset(settings, plain) == settings.data.dataset
    assert session.dataset(settings, other) == "contracts"
