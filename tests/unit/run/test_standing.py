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
from tests.unit.run.left_behind import COMMAND, EMULATOR, attempt, leave_run, living, save
from twin.run.attempts import BROKEN, INTERRUPTED, Attempt, Taken
from twin.run.going_on import GoingOn
from twin.run.reopened import Deployed
from twin.run.resuming import NothingToResume
from twin.run.session import emulator_folder
from twin.run.standing import State, standing

WHERE = 'in "Fine-tune (SageMaker pipeline)"'
STOPPED = f"The run r1 was stopped on 2026-11-26 at 10:02 UTC: interrupted {WHERE}. `fourfold resume` goes on with it."
UNREPORTED = "stopped before its report was written. `fourfold resume` writes it."
UNREPORTED_RUN = f"The run r1 has ended, and was {UNREPORTED}"
ANOTHER = "`fourfold run` starts another."
ENDING = "The run r1 has been stopped, and what it had started is ending."


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
    def deployed(_root: Path, _port: int | None = None) -> Iterator[object]:
        yield Deployed(api.client, None, None)  # type: ignore[arg-type]

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
        ([attempt("SUCCEEDED")], True, UNREPORTED),
        ([attempt("FAILED", gave_up=True)], True, UNREPORTED),
        ([attempt("TIMED_OUT")], True, UNREPORTED),
        ([attempt("SUCCEEDED")], False, "The run r1 has succeeded, and what it left is no longer there. " + ANOTHER),
        ([attempt("FAILED")], False, "The run r1 has failed, and what it left is no longer there. " + ANOTHER),
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


def running(name: str, label: str) -> Attempt:
    return attempt(step=Taken(name, label, "RUNNING"))


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ([attempt()], "The run r1 is still training: train 12/28 batches."),
        ([attempt(), attempt()], "The run r1 is still training, resumed: train 12/28 batches."),
        ([running("Deploy", "Deploy (CloudFormation)")], "The run r1 is still deploying its model."),
        ([running("Record", "Record the lineage")], 'The run r1 is still going on, in "Record the lineage".'),
        ([attempt(), running("StartEmulator", "Start the emulator again")], "The run r1 is starting, resumed."),
        ([], "The run r1 is beginning."),
        ([attempt(INTERRUPTED)], ENDING),
        ([attempt(BROKEN, why="OSError: disk full")], ENDING),
        ([attempt("SUCCEEDED")], "The run r1 is ending."),
    ],
)
@pytest.mark.parametrize("saved", [True, False])
def test_while_its_command_lives_a_run_is_told_with_how_far_it_is_and_is_not_resumed(
    root: Path, attempts: list[Any], saved: bool, words: str
) -> None:
    with living(leave_run(root, *attempts, saved=saved), COMMAND, EMULATOR):
        assert invoke("report") == (2, "", f"There is no report of the last run yet. {words}\n")
        assert invoke("resume") == (2, "", f"There is nothing to resume yet. {words}\n")


@pytest.mark.parametrize("saved", ["never", "before"])
@pytest.mark.parametrize(("how", "words"), [("", ENDING), ("SUCCEEDED", "The run r1 is ending.")])
def test_a_run_whose_command_was_killed_is_not_lost_while_its_emulator_still_saves(
    root: Path, saved: str, how: str, words: str
) -> None:
    account = leave_run(root, attempt(), attempt(how), saved=saved == "before")
    if saved == "before":
        save(account, after_s=-60)
    with living(account, EMULATOR):
        assert invoke("report") == (2, "", f"There is no report of the last run yet. {words}\n")
        assert invoke("resume") == (2, "", f"There is nothing to resume yet. {words}\n")
    if saved == "never":
        assert "what it left is no longer there. `fourfold run` starts another." in invoke("resume")[2]


def test_a_stopped_run_that_is_served_is_still_a_stopped_one(root: Path) -> None:
    with living(leave_run(root, attempt(INTERRUPTED)), EMULATOR):
        assert invoke("report")[2] == f"There is no report of the last run yet. {STOPPED}\n"
        assert "in use, by `fourfold serve`" in invoke("resume")[2]


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


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an emulator would be started, the test fails."""
    monkeypatch.setattr(cli.serving, "reopened", lambda *_: pytest.fail("an emulator would have been started"))


FAILED = "The run r1 has failed. `fourfold report` shows why; `fourfold run` starts another."
GONE = "has succeeded, and what it left is no longer there. `fourfold run` starts another."


@pytest.mark.usefixtures("nothing_starts")
@pytest.mark.parametrize(
    ("attempts", "saved", "report", "words"),
    [
        ([attempt(INTERRUPTED)], True, None, f"There is no model to ask yet. {STOPPED}"),
        ([attempt("FAILED", gave_up=True)], True, None, f"There is no model to ask yet. {UNREPORTED_RUN}"),
        ([attempt("FAILED", gave_up=True)], True, "FAILED", f"There is no model to ask. {FAILED}"),
        ([attempt("SUCCEEDED")], False, None, f"There is no model to ask. The run r1 {GONE}"),
    ],
)
def test_a_question_to_no_model_is_refused_as_a_report_that_there_is_not_and_starts_nothing(
    root: Path, attempts: list[Any], saved: bool, report: str | None, words: str
) -> None:
    leave_run(root, *attempts, saved=saved, report=report)
    assert invoke("ask", "a text") == (2, "", f"{words}\n")


@pytest.mark.usefixtures("nothing_starts")
def test_a_question_to_what_is_destroyed_starts_nothing(root: Path) -> None:
    account = leave_run(root, attempt("SUCCEEDED"), report="SUCCEEDED")
    (account / "kept.json").write_text("[]")
    code, _, stderr = invoke("ask", "a text")
    assert code == 2
    assert stderr.startswith("There is no model to ask. The run r1 has succeeded, and what it deployed was destroyed.")


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("report", [None, "SUCCEEDED"])
def test_a_run_that_has_deployed_a_model_is_asked_though_it_goes_on(
    root: Path, report: str | None, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.status, api.answer = 200, b'{"output": "an answer"}'
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: api)
    monkeypatch.setattr(cli.serving, "run_going_on", lambda _folder: GoingOn("r1", waits=False))
    leave_run(root, running("Record", "Record the lineage") if report is None else attempt(report), report=report)
    assert invoke("ask", "a text") == (0, "an answer\n", "")


class WithoutExecutions:
    """The emulator of a run whose command still deploys the stacks, or uploads the data."""

    def client(self, _service: str) -> WithoutExecutions:
        return self

    def list_state_machines(self) -> dict[str, Any]:
        return {"stateMachines": [{"stateMachineArn": "arn:m"}]}

    def list_executions(self, **_: str) -> dict[str, Any]:
        return {"executions": []}


@pytest.mark.usefixtures("no_model")
def test_a_run_goes_on_before_its_workflow_has_begun(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: WithoutExecutions())
    account = emulator_folder(root)
    account.mkdir(parents=True)
    coming = "A run is going on; its model answers when it has been deployed."
    with living(account, COMMAND):
        assert invoke("ask", "a text") == (2, "", f"There is no model to ask yet. {coming}\n")
        assert f"There is no model to ask yet, and the API answers 503. {coming}\n" in invoke("serve")[1]


@pytest.mark.usefixtures("no_model")
def test_what_is_served_of_a_stopped_run_is_told_to_have_no_model(
    root: Path, monkeypatch: pytest.MonkeyPatch, api: FakeApi
) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: None)
    monkeypatch.setattr("threading.Event.wait", lambda _self: None)
    leave_run(root, attempt(INTERRUPTED))
    assert f"There is no model to ask yet, and the API answers 503. {STOPPED}" in invoke("serve")[1]
    leave_run(root, running("Record", "Record the lineage"))
    assert "no model" not in invoke("serve")[1]
    leave_run(root, running("Record", "Record the lineage"), running("StartEmulator", "Start the emulator again"))
    assert "no model" not in invoke("serve")[1]


def test_a_question_to_an_account_that_is_gone_says_that_the_run_was_stopped(root: Path) -> None:
    leave_run(root, attempt(INTERRUPTED), saved=False)
    code, _, stderr = invoke("ask", "a text")
    assert code == 2
    assert f"interrupted {WHERE}, and what it left is no longer there. `fourfold run` starts another." in stderr


def test_artifacts_of_a_stopped_run_that_had_not_trained_yet_name_resume(root: Path) -> None:
    leave_run(root, attempt(INTERRUPTED))
    assert invoke("artifacts") == (2, "", f"There is no trained model yet. {STOPPED}\n")


@pytest.mark.parametrize("before", [[], [attempt()]])
def test_artifacts_beside_a_run_say_how_far_that_is(root: Path, before: list[Any]) -> None:
    account = leave_run(root, *before, attempt())
    with living(account, COMMAND), (root / ".fourfold" / "run.lock").open("w") as lock:
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


@pytest.mark.parametrize("ended", [attempt("SUCCEEDED"), attempt("TIMED_OUT"), attempt("FAILED", gave_up=True)])
def test_a_run_that_has_ended_without_a_report_is_resumed_for_that(
    root: Path, ended: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resume(*_: Any) -> None:
        raise NothingToResume("An emulator was started for it.")

    monkeypatch.setattr(cli.run, "resume", resume)
    leave_run(root, ended)
    assert invoke("resume") == (2, "", "An emulator was started for it.\n")


def test_a_run_that_has_failed_for_good_is_not_resumed_and_says_why_at_once(root: Path) -> None:
    leave_run(root, attempt("FAILED", why="The disk is full.", gave_up=True), report="FAILED")
    code, _, stderr = invoke("resume")
    assert code == 2
    assert "would only fail again. `fourfold report` shows how far it came." in stderr
    assert stderr.endswith("`fourfold run`:\nThe disk is full.\n")


@pytest.mark.parametrize(
    ("attempts", "report", "words"),
    [
        ([attempt(INTERRUPTED)], None, f"was stopped on 2026-11-26 at 10:02 UTC: interrupted {WHERE}"),
        ([attempt("FAILED")], "FAILED", "has failed"),
        ([attempt("SUCCEEDED")], "SUCCEEDED", "has succeeded"),
        ([attempt("SUCCEEDED")], None, "has succeeded"),
        ([], "SUCCEEDED", "has succeeded"),
    ],
)
def test_of_a_run_that_is_destroyed_nothing_is_left_but_its_report(
    root: Path, attempts: list[Any], report: str | None, words: str
) -> None:
    account = leave_run(root, *attempts, report=report)
    (account / "kept.json").write_text("[]")
    shows = "`fourfold report` shows its figures; " if report else ""
    told = f"The run r1 {words}, and what it deployed was destroyed. {shows}{ANOTHER}"
    assert invoke("resume") == (2, "", f"There is nothing to resume. {told}\n")
    if not report:
        assert invoke("report") == (2, "", f"There is no report of the last run yet. {told}\n")
    with living(account, EMULATOR):  # while `fourfold destroy` goes on
        assert str(standing(account)) == told


def test_a_run_that_was_redriven_is_stopped_again_though_it_has_a_report(root: Path) -> None:
    leave_run(root, attempt("TIMED_OUT"), attempt(INTERRUPTED), report="TIMED_OUT")
    assert str(standing(emulator_folder(root))) == STOPPED


@pytest.mark.parametrize(
    ("attempts", "report", "told", "state"),
    [
        ([attempt("FAILED"), attempt("SUCCEEDED")], "FAILED", 1, State.UNREPORTED),
        ([attempt("FAILED"), attempt("FAILED")], "FAILED", 1, State.UNREPORTED),
        ([attempt("FAILED"), attempt("FAILED")], "FAILED", 2, State.FAILED),
        ([attempt("FAILED"), attempt("SUCCEEDED")], "SUCCEEDED", 2, State.SUCCEEDED),
        ([attempt("FAILED"), attempt()], "FAILED", 1, State.STOPPED),
    ],
)
def test_a_report_counts_where_it_tells_of_the_last_attempt(
    root: Path, attempts: list[Any], report: str, told: int, state: State
) -> None:
    leave_run(root, *attempts, report=report, told=told)
    stands = standing(emulator_folder(root))
    assert stands is not None
    assert stands.state is state


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"execution": 1}', b"\xff"])
@pytest.mark.parametrize("attempts", [[attempt("SUCCEEDED")], []])
def test_a_report_that_is_damaged_is_named_and_none(root: Path, attempts: list[Any], damage: str | bytes) -> None:
    leave_run(root, *attempts, report="SUCCEEDED")
    file = root / "runs" / "r1" / "report.json"
    file.write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    code, stdout, stderr = invoke("report")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("runs/r1/report.json is damaged: it holds no report. The run r1 ")
    assert "`fourfold resume`" in stderr


def test_the_state_of_a_run_without_attempts_is_its_report_s(root: Path) -> None:
    account = leave_run(root, report="FAILED")
    (account / "attempts.json").unlink()
    assert str(standing(emulator_folder(root))).startswith("The run r1 has failed.")
