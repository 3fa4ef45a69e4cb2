"""Every command that looks for what the last run left says how that run stands, and which command goes on with it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.run
import cli.serving
from cli.main import app
from tests.unit.run.conftest import FakeApi
from tests.unit.run.left_behind import attempt, leave_run
from twin.run.attempts import BROKEN, INTERRUPTED, Taken
from twin.run.session import emulator_folder
from twin.run.standing import standing

WHERE = 'in "Fine-tune (SageMaker pipeline)"'
STOPPED = f"The run r1 was stopped on 2026-11-26 at 10:02 UTC: interrupted {WHERE}. `fourfold resume` goes on with it."
DEPLOYING = Taken("Deploy", "Deploy (CloudFormation)", "RUNNING")


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The project's folder of the tests, and the folder that commands run in."""
    monkeypatch.setattr("cli.main.ROOT", tmp_path)
    monkeypatch.setattr("cli.run_commands.ROOT", tmp_path)
    monkeypatch.setattr(cli.run, "ROOT", tmp_path)
    monkeypatch.setattr(cli.run, "resume", lambda *_: pytest.fail("an emulator would have been started"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> None:
    """An API that is deployed, and has no model."""
    api.status, api.answer = 503, b'{"detail": "No model is approved yet."}'

    @contextmanager
    def deployed(_root: Path) -> Iterator[object]:
        yield api.client

    monkeypatch.setattr(cli.serving, "deployed", deployed)


@pytest.mark.parametrize(
    ("attempts", "saved", "words"),
    [
        ([attempt(INTERRUPTED)], True, STOPPED),
        ([attempt()], True, f"killed {WHERE}, or its terminal closed. `fourfold resume` goes on with it."),
        (
            [attempt(BROKEN, why="EmulatorError: gone\nmore")],
            True,
            f"ended by an error {WHERE}: EmulatorError: gone. `fourfold resume` goes on with it.",
        ),
        ([attempt()], False, "and what it left is no longer there. `fourfold run` starts another."),
        ([attempt(alive=True)], False, "The run r1 is still training: train 12/28 batches."),
        ([attempt(), attempt(alive=True)], True, "The run r1 is still training, resumed: train 12/28 batches."),
        ([attempt(alive=True, step=DEPLOYING)], False, "The run r1 is still deploying its model."),
        (
            [attempt(alive=True, step=Taken("Record", "Record the lineage", "RUNNING"))],
            True,
            'in "Record the lineage".',
        ),
        ([attempt(INTERRUPTED, alive=True)], False, "has been stopped, and what it had started is ending."),
        ([attempt("SUCCEEDED")], True, "stopped before its report was written. `fourfold resume` writes it."),
        ([], True, "The run r1 was stopped. `fourfold resume` goes on with it."),
    ],
)
def test_without_a_report_the_last_run_is_told_with_what_goes_on(
    root: Path, attempts: list[Any], saved: bool, words: str
) -> None:
    leave_run(root, *attempts, saved=saved)

    code, stdout, stderr = invoke("report")

    assert (code, stdout) == (2, "")
    assert stderr.startswith("There is no report of the last run yet. The run r1 ")
    assert stderr.endswith(f"{words}\n")


def test_a_report_of_a_run_before_is_not_taken_for_that_of_the_last_one(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("cli.figures.show_figures", lambda report, _console: shown.append(report))
    leave_run(root, attempt(INTERRUPTED))
    (root / "runs" / "r0").mkdir(parents=True)
    (root / "runs" / "r0" / "report.json").write_text('{"execution": {"id": "r0"}}')

    assert invoke("report")[2] == f"Notice: {STOPPED} This is the report of r0.\n"
    assert invoke("report", "r0")[2] == ""
    assert shown == 2 * [{"execution": {"id": "r0"}}]
    assert invoke("report", "r1")[::2] == (2, f"There is no report of the last run yet. {STOPPED}\n")


@pytest.mark.usefixtures("no_model")
def test_a_question_after_a_stopped_run_names_resume(root: Path) -> None:
    leave_run(root, attempt(INTERRUPTED))
    assert invoke("ask", "a text") == (1, "", f"There is no model to ask yet. {STOPPED}\n")


@pytest.mark.usefixtures("no_model")
def test_what_is_served_of_a_stopped_run_is_told_to_have_no_model(
    root: Path, monkeypatch: pytest.MonkeyPatch, api: FakeApi
) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: None)
    monkeypatch.setattr("threading.Event.wait", lambda _self: None)
    leave_run(root, attempt(INTERRUPTED))
    assert f"There is no model to ask yet, and the API answers 503. {STOPPED}" in invoke("serve")[1]
    leave_run(root, attempt(step=Taken("Record", "Record the lineage", "RUNNING")))
    assert "no model" not in invoke("serve")[1]


def test_a_question_to_an_account_that_is_gone_says_that_the_run_was_stopped(root: Path) -> None:
    leave_run(root, attempt(INTERRUPTED), saved=False)
    code, _, stderr = invoke("ask", "a text")
    assert code == 1
    assert f"interrupted {WHERE}, and what it left is no longer there. `fourfold run` starts another." in stderr


def test_artifacts_of_a_stopped_run_that_had_not_trained_yet_name_resume(root: Path) -> None:
    leave_run(root, attempt(INTERRUPTED))
    assert invoke("artifacts") == (2, "", f"There is no trained model yet. {STOPPED}\n")


@pytest.mark.parametrize("before", [[], [attempt()]])
def test_artifacts_beside_a_run_say_how_far_that_is(root: Path, before: list[Any]) -> None:
    leave_run(root, *before, attempt(alive=True))
    with (root / ".fourfold" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, stderr = invoke("artifacts")
    assert code == 2
    resumed = ", resumed" if before else ""
    assert stderr == (
        f"The run r1 is still training{resumed}: train 12/28 batches. Artifacts can be made when it has ended.\n"
    )


@pytest.mark.parametrize("attempts", [[attempt("SUCCEEDED")], []])
def test_a_run_that_has_succeeded_is_not_resumed_and_no_emulator_is_started_to_say_so(
    root: Path, attempts: list[Any]
) -> None:
    leave_run(root, *attempts, report="SUCCEEDED")
    code, stdout, stderr = invoke("resume")
    assert (code, stdout) == (2, "")
    assert stderr == (
        "There is nothing to resume. The run r1 has succeeded. `fourfold report` shows its figures; `fourfold ask` and "
        "`fourfold serve` use its model, until the next run or `fourfold destroy`.\n"
    )


def test_a_run_that_has_failed_for_good_is_not_resumed_and_says_why_at_once(root: Path) -> None:
    leave_run(root, attempt("FAILED", why="The disk is full.", gave_up=True), report="FAILED")
    code, _, stderr = invoke("resume")
    assert code == 2
    assert "would only fail again. `fourfold report` shows how far it came." in stderr
    assert stderr.endswith("`fourfold run`:\nThe disk is full.\n")


def test_a_run_that_is_destroyed_is_not_resumed(root: Path) -> None:
    account = leave_run(root, attempt(INTERRUPTED))
    (account / "kept.json").write_text("[]")
    assert "`fourfold run` starts another." in invoke("resume")[2]


def test_a_run_that_was_redriven_is_stopped_again_though_it_has_a_report(root: Path) -> None:
    leave_run(root, attempt("TIMED_OUT"), attempt(INTERRUPTED), report="TIMED_OUT")
    assert str(standing(emulator_folder(root))) == STOPPED


def test_the_state_of_a_run_without_attempts_is_its_report_s(root: Path) -> None:
    account = leave_run(root, report="FAILED")
    (account / "attempts.json").unlink()
    assert str(standing(emulator_folder(root))).startswith("The run r1 has failed.")
