"""What is asked or served before there is a model says what that waits for, and how to go on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli.serving
from cli.main import app
from tests.unit.run.conftest import FakeApi
from twin.emulator import Emulator, EmulatorError, RunningEmulator
from twin.run.going_on import GoingOn
from twin.run.reopened import Deployed

NOT_APPROVED = b'{"title": "Service Unavailable", "status": 503, "detail": "No model is approved yet."}'
WAITS = GoingOn("r1", waits=True)
WORKS = GoingOn("r1", waits=False)


@pytest.fixture
def going_on(monkeypatch: pytest.MonkeyPatch, api: FakeApi) -> Callable[[GoingOn | None], None]:
    """Have the commands find the fake API, and beside it a run or none."""

    @contextmanager
    def deployed(_root: Path, _port: int | None = None) -> Iterator[object]:
        yield Deployed(api.client, None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(cli.serving, "deployed", deployed)
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: api)

    def set_up(run: GoingOn | None) -> None:
        monkeypatch.setattr(cli.serving, "run_going_on", lambda _folder: run)

    return set_up


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_a_question_while_a_run_waits_names_the_command_that_approves_it(
    api: FakeApi, going_on: Callable[[GoingOn | None], None]
) -> None:
    api.status, api.answer = 503, NOT_APPROVED
    going_on(WAITS)

    code, stdout, stderr = invoke("ask", "a text")

    assert (code, stdout) == (2, "")
    assert stderr == (
        "There is no model to ask yet. The run r1 waits for your approval. `fourfold approve` shows its figures and "
        "lets it deploy; `fourfold reject` ends it.\n"
    )


def test_a_question_while_a_run_works_says_that_it_is_going_on(
    api: FakeApi, going_on: Callable[[GoingOn | None], None]
) -> None:
    api.status, api.answer = 503, NOT_APPROVED
    going_on(WORKS)

    assert "The run r1 is going on" in invoke("ask", "a text")[2]


def test_a_question_beside_a_run_is_refused_without_a_line_of_what_is_not_started(
    monkeypatch: pytest.MonkeyPatch, going_on: Callable[[GoingOn | None], None]
) -> None:
    going_on(WORKS)
    monkeypatch.setattr(cli.serving, "deployed", lambda *_: pytest.fail("a step would have been shown"))

    assert invoke("ask", "a text")[2].startswith("There is no model to ask yet.")


@pytest.mark.parametrize(("run", "ready"), [(WAITS, False), (WORKS, False), (None, True)])
def test_what_is_served_already_is_told_with_whether_it_can_be_asked(
    api: FakeApi, going_on: Callable[[GoingOn | None], None], run: GoingOn | None, ready: bool
) -> None:
    going_on(run)

    code, stdout, _ = invoke("serve")

    assert code == 0
    assert f"Served at {api.url} until the command that started it ends." in stdout
    assert ("the API answers 503" in stdout) is not ready
    assert ("`fourfold approve`" in stdout) is (run is WAITS)
    assert re.search(r"^curl --aws-sigv4 ", stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (
            400,
            {"title": "Bad Request", "status": 400, "detail": "'text' must not be blank."},
            "The API answered 400 Bad Request: 'text' must not be blank.\nChange the text, and ask again.\n",
        ),
        (
            413,
            {"title": "Request Entity Too Large", "detail": "The input has 24,001 characters and 20,000 are allowed."},
            "The API answered 413 Request Entity Too Large: The input has 24,001 characters and 20,000 are allowed.\n"
            "Give a shorter text.\n",
        ),
        (
            400,
            {"detail": "2 fields are wrong; see 'errors'.", "errors": [{"detail": "one"}, {"detail": "another"}]},
            "The API answered 400 Bad Request: 2 fields are wrong; see 'errors'. (one; another)\n"
            "Change the text, and ask again.\n",
        ),
        (
            429,
            {"message": "Too Many Requests"},
            "The API answered 429 Too Many Requests: Too Many Requests\nAsk again in a moment.\n",
        ),
    ],
)
def test_what_the_api_refuses_is_told_in_words_with_advice_that_fits(
    api: FakeApi, going_on: Callable[[GoingOn | None], None], status: int, answer: dict[str, object], message: str
) -> None:
    api.status, api.answer = status, json.dumps(answer).encode()
    going_on(None)

    assert invoke("ask", "a text") == (1, "", message)


def test_a_failure_of_the_deployment_sends_to_the_log(api: FakeApi, going_on: Callable[[GoingOn | None], None]) -> None:
    api.status, api.answer = 502, b'{"detail": "The model failed."}'
    going_on(None)

    assert "emulator.log" in invoke("ask", "a text")[2]


def test_an_emulator_that_ends_by_itself_ends_the_command_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: FakeApi, going_on: Callable[[GoingOn | None], None]
) -> None:
    asked: list[int | None] = []

    class Killed(Emulator):
        port = 33677

        def wait(self) -> None:
            raise EmulatorError("The emulator was killed by SIGKILL, and serves nothing any more.")

    @contextmanager
    def deployed(_root: Path, port: int | None = None) -> Iterator[Deployed]:
        asked.append(port)
        killed = Killed(tmp_path)
        killed.moved_from = 33257
        yield Deployed(api.client, None, killed)

    going_on(None)
    monkeypatch.setattr(cli.serving, "deployed", deployed)
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: None)

    code, stdout, stderr = invoke("serve", "--port", "8765")

    assert (code, asked) == (1, [8765])
    assert "until Ctrl-C" in stdout
    assert "33257 is taken; now at 33677.\n" in stdout
    assert "Stopped." not in stdout
    assert stderr == (
        "The emulator was killed by SIGKILL, and serves nothing any more.\n"
        "`fourfold serve` serves again what was deployed.\n"
    )


# ---- partners -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "command"), [(("acme-trial",), "`fourfold partner-key` "), (("a", "b"), "`fourfold partner-key NAME` ")]
)
def test_where_there_are_keys_their_root_is_told_and_how_to_see_one(
    api: FakeApi,
    going_on: Callable[[GoingOn | None], None],
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, ...],
    command: str,
) -> None:
    @contextmanager
    def deployed(_root: Path, _port: int | None = None) -> Iterator[Deployed]:
        yield Deployed(api.client, None, None, names)  # type: ignore[arg-type]

    monkeypatch.setattr(cli.serving, "deployed", deployed)
    api.answer = b'{"data": []}'
    going_on(None)

    told = invoke("serve")[1]

    assert f"{api.url}/partners/v1\n" in told
    assert command in told


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("sagemaker", ""),
        ("extractive", "`approved` picks sentences, for /v1/summarize alone: give these clients small or nova."),
    ],
)
def test_where_the_approved_model_writes_nothing_those_that_do_are_named(
    api: FakeApi,
    going_on: Callable[[GoingOn | None], None],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    told: str,
) -> None:
    @contextmanager
    def deployed(_root: Path, _port: int | None = None) -> Iterator[Deployed]:
        yield Deployed(api.client, None, None, ("trial",))  # type: ignore[arg-type]

    monkeypatch.setattr(cli.serving, "deployed", deployed)
    kinds = {"approved": kind, "small": "bedrock", "nova": "bedrock", "titan": "embedding"}
    listed = [{"id": name, "fourfold": {"kind": one}} for name, one in kinds.items()]
    api.answer = json.dumps({"data": listed}).encode()
    going_on(None)

    lines = invoke("serve")[1].splitlines()

    assert [line for line in lines if "picks sentences" in line] == ([told] if told else [])


def test_without_keys_no_root_for_them_is_told(api: FakeApi, going_on: Callable[[GoingOn | None], None]) -> None:
    going_on(None)
    assert "/partners/v1" not in invoke("serve")[1]


class Account:
    """An account with API keys, whose values it gives to whoever asks for them."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def client(self, service: str) -> Account:
        assert service == "apigateway"
        return self

    def get_api_keys(self, *, limit: int, includeValues: bool = False) -> dict[str, object]:  # noqa: N803
        values = [{"name": name, **({"value": f"value-of-{name}"} if includeValues else {})} for name in self.names]
        return {"items": values[:limit]}


@pytest.mark.parametrize(
    ("names", "arguments", "code", "stdout", "stderr"),
    [
        (["trial"], [], 0, "value-of-trial\n", ""),
        (["a", "b"], ["b"], 0, "value-of-b\n", ""),
        (["fourfold-twin-trial", "fourfold-twin-of-twin-trial"], ["trial"], 0, "value-of-fourfold-twin-trial\n", ""),
        (["fourfold-twin-trial", "fourfold-twin-a-trial"], ["a-trial"], 0, "value-of-fourfold-twin-a-trial\n", ""),
        (["fourfold-twin-a-trial"], ["trial"], 2, "", "No key is called trial. Known are fourfold-twin-a-trial.\n"),
        (["a", "b"], [], 2, "", "Name one of the keys: a, b.\n"),
        (["a"], ["c"], 2, "", "No key is called c. Known are a.\n"),
        ([], [], 2, "", "`gateway.partners`"),
    ],
)
def test_a_key_is_printed_alone_and_only_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, names: list[str], arguments: list[str], code: int, stdout: str, stderr: str
) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: Account(*names))

    exit_code, printed, told = invoke("partner-key", *arguments)

    assert (exit_code, printed) == (code, stdout)
    assert stderr in told


def test_where_nothing_is_served_no_key_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: None)

    code, printed, told = invoke("partner-key")

    assert (code, printed) == (2, "")
    assert "`fourfold serve`" in told


# ---- clients of AWS -------------------------------------------------------------------------------------


def test_what_is_printed_for_clients_of_aws_is_all_that_a_shell_of_another_account_asks_with_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = RunningEmulator(tmp_path, "http://127.0.0.1:4566")
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: running)
    code, printed, _ = invoke("credentials")
    assert code == 0

    of_another = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "secret", "AWS_REGION": "eu-west-1", "PATH": os.defpath}
    script = f"{printed}\nexec env"
    shell = subprocess.run(["sh", "-euc", script], env=of_another, capture_output=True, text=True, check=True)

    variables = dict(line.split("=", 1) for line in shell.stdout.splitlines() if line.startswith("AWS_"))
    assert variables == running.environment()
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_where_nothing_is_served_a_shell_asks_no_account_of_the_user_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.serving.RunningEmulator.in_directory", lambda _folder: None)
    code, printed, told = invoke("credentials")
    assert code == 2
    assert "`fourfold serve`" in told

    shell = subprocess.run(["sh", "-c", f"eval '{printed}' && echo asked"], capture_output=True, text=True, check=False)

    assert (shell.returncode, shell.stdout) == (1, "")


def test_the_command_for_clients_of_aws_is_told_where_the_api_is(
    api: FakeApi, going_on: Callable[[GoingOn | None], None]
) -> None:
    going_on(None)
    assert 'eval "$(.venv/bin/fourfold credentials)"' in invoke("serve")[1]
