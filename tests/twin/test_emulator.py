"""The emulator's process: where it listens, what it serves, and that nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_function, make_role, unique, user_client, wait_until, zipped
from twin.emulator import Emulator, EmulatorError, RunningEmulator, access, clients
from twin.processes import kill_marked, marked

ROOT = Path(__file__).resolve().parents[2]
# A program that starts an emulator and has a Lambda function running in it when it says so. The function has started
# a process with an empty environment, which can be told by its last argument.
# Whoever started the tests may ignore interrupts, as a shell does for what runs in the background.
PROGRAM = """
import signal, sys, threading, time
from pathlib import Path
from tests.twin.helpers import make_function
from twin.emulator import Emulator
signal.signal(signal.SIGINT, signal.default_int_handler)
with Emulator(Path(sys.argv[1])) as emulator:
    name = make_function(emulator, {function!r}, Timeout=900)
    call = lambda: emulator.client("lambda").invoke(FunctionName=name)
    threading.Thread(target=call, daemon=True).start()
    time.sleep(1)
    print(emulator.mark, flush=True)
    {then}
"""


FUNCTION = """
import os, subprocess, sys, time
def handle(event, context):
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)", os.environ["FOURFOLD_PROCESS_MARK"]]
    subprocess.Popen(sleeper, env={})
    time.sleep(600)
"""


StartProgram = Callable[[str], tuple["subprocess.Popen[str]", str]]


@pytest.fixture
def start_program(tmp_path: Path) -> Iterator[StartProgram]:
    """Starts the program and answers with it and the mark of its emulator."""
    started: list[tuple[subprocess.Popen[str], str]] = []

    def start(then: str) -> tuple[subprocess.Popen[str], str]:
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(then=then, function=FUNCTION), str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert program.stdout
        mark = program.stdout.readline().strip()
        started.append((program, mark))
        assert len(marked(mark)) >= 2, "the emulator and its function's worker"
        assert len(left(mark)) == len(marked(mark)) + 2, "the guard and the function's process"
        return program, mark

    yield start
    for program, mark in started:
        program.kill()
        program.wait()
        kill_marked(mark)


def left(mark: str) -> list[psutil.Process]:
    """What is left of an emulator: processes that carry its mark, and those that name it."""
    naming = [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]
    return [*marked(mark), *naming]


def error_code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_it_listens_on_loopback_alone(emulator: Emulator) -> None:
    family = [psutil.Process(emulator.pid), *psutil.Process(emulator.pid).children(recursive=True)]
    listening = [c for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    # Model servers that earlier tests have started listen as well, on ports of their own.
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}
    assert emulator.port in {c.laddr.port for c in listening}


def test_its_user_is_the_accounts_root(emulator: Emulator) -> None:
    identity = emulator.client("sts").get_caller_identity()
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_the_users_own_settings_for_aws_do_not_count(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-another-account")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    clients._session.cache_clear()
    assert emulator.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_a_signature_with_a_wrong_secret_is_refused(emulator: Emulator) -> None:
    iam, name = emulator.client("iam"), unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    session = boto3.Session(key, "guessed", region_name="us-east-1")
    with pytest.raises(ClientError) as error:
        session.client("iam", endpoint_url=emulator.endpoint_url).list_roles()
    assert error_code(error) == "SignatureDoesNotMatch"


def test_a_service_that_is_not_served_is_refused_by_name(emulator: Emulator) -> None:
    with pytest.raises(ClientError, match="does not serve translate"):
        emulator.client("translate").list_terminologies()


def test_a_second_emulator_on_the_same_directory_is_refused(emulator: Emulator) -> None:
    log = emulator.log_file.read_bytes()
    with pytest.raises(EmulatorError, match="Another emulator is using"):
        Emulator(emulator.work_dir).start()
    assert emulator.log_file.read_bytes().startswith(log)
    assert RunningEmulator.in_directory(emulator.work_dir) is not None


def test_another_process_finds_it_while_it_runs(emulator: Emulator) -> None:
    found = RunningEmulator.in_directory(emulator.work_dir)
    assert found is not None
    assert found.endpoint_url == emulator.endpoint_url
    assert found.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"


def test_one_that_is_too_busy_to_answer_at_once_is_waited_for(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter([False, False, True])
    monkeypatch.setattr(access, "answers", lambda _: next(said))
    assert RunningEmulator.in_directory(emulator.work_dir) is not None
    assert list(said) == []


def test_the_address_that_a_killed_one_left_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        Thread(target=lambda: other.accept()[0].sendall(b"220 no HTTP here\r\n"), daemon=True).start()
        (tmp_path / "address").write_text(f"http://127.0.0.1:{other.getsockname()[1]}")
        assert RunningEmulator.in_directory(tmp_path) is None
    assert RunningEmulator.in_directory(tmp_path) is None


def test_a_policy_that_demands_tls_lets_loopback_pass(emulator: Emulator) -> None:
    s3, bucket = emulator.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    client = user_client(emulator, "s3", allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    client.put_object(Bucket=bucket, Key="key", Body=b"content")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"


# ---- functions ------------------------------------------------------------------------------------------


def invoke(emulator: Emulator, name: str, event: Any = None) -> tuple[str | None, Any]:
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}))
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def test_a_function_acts_as_its_role_on_the_emulator(emulator: Emulator) -> None:
    source = "import boto3\ndef handle(event, context): return boto3.client('sts').get_caller_identity()['Arn']"
    error, result = invoke(emulator, make_function(emulator, source))
    assert error is None
    assert ":assumed-role/lambda-role-" in result


def test_a_failed_function_reports_its_own_error_type(emulator: Emulator) -> None:
    source = "class NoUsableRecords(Exception): pass\ndef handle(event, context): raise NoUsableRecords('none left')"
    error, result = invoke(emulator, make_function(emulator, source))
    assert error == "Unhandled"
    assert (result["errorType"], result["errorMessage"]) == ("NoUsableRecords", "none left")
    assert any("NoUsableRecords('none left')" in line for line in result["stackTrace"])


def test_a_function_that_cannot_be_imported_says_why(emulator: Emulator) -> None:
    _, result = invoke(emulator, make_function(emulator, "import nowhere\ndef handle(event, context): pass"))
    assert result["errorType"] == "Runtime.ImportModuleError"
    assert "nowhere" in result["errorMessage"]


def test_a_function_whose_process_dies_is_a_failure(emulator: Emulator) -> None:
    _, result = invoke(emulator, make_function(emulator, "import os\ndef handle(event, context): os._exit(7)"))
    assert result["errorType"] == "Runtime.ExitError"


def test_a_function_in_another_language_is_refused_by_name(emulator: Emulator) -> None:
    name = make_function(emulator, "", Runtime="java21", Handler="Handler::handle")
    error, result = invoke(emulator, name)
    assert error == "Unhandled"
    assert "not java21" in result["errorMessage"]


# ---- life -----------------------------------------------------------------------------------------------


def test_an_interrupt_while_it_starts_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_emulator: Emulator) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Emulator, "_wait_until_ready", interrupt)
    emulator = Emulator(tmp_path)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        emulator.start()
    assert not marked(emulator.mark)
    assert time.monotonic() - began < 1  # what it imports takes longer


def test_an_interrupt_while_it_ends_does_not_keep_it_from_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, before = subprocess.Popen.wait, signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        signal.raise_signal(signal.SIGINT)
        return wait(process, timeout)

    with Emulator(tmp_path, persist=True) as emulator:
        emulator.client("ssm").put_parameter(Name="/kept", Value="1", Type="String")
        monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    monkeypatch.undo()

    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert "/kept" in (tmp_path / "state" / "ssm.json").read_text()


def test_it_ends_in_another_thread_too(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    emulator.start()
    other = Thread(target=emulator.stop)
    other.start()
    other.join()
    assert not marked(emulator.mark)


def test_what_was_deployed_is_there_again_where_state_persists(tmp_path: Path) -> None:
    with Emulator(tmp_path, persist=True) as first:
        first.client("s3").create_bucket(Bucket="kept")
        first.client("s3").put_object(Bucket="kept", Key="key", Body=b"content")
        first.client("lambda").create_function(
            FunctionName="kept",
            Runtime="python3.12",
            Role=make_role(first, "lambda"),
            Handler="index.handle",
            Code={"ZipFile": zipped(index="def handle(event, context): return 'still here'")},
        )
    with Emulator(tmp_path, persist=True) as second:
        assert second.client("s3").get_object(Bucket="kept", Key="key")["Body"].read() == b"content"
        assert invoke(second, "kept") == (None, "still here")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_program_that_started_it(start_program: StartProgram, end: signal.Signals) -> None:
    program, mark = start_program("time.sleep(600)")
    program.send_signal(end)
    program.wait()
    assert wait_until(lambda: left(mark), lambda found: not found, seconds=20) == []


def test_no_process_outlives_a_program_that_fails(start_program: StartProgram) -> None:
    program, mark = start_program("sys.stdin.readline(); raise ValueError('planted')")
    # It goes on only now: its processes have been seen.
    program.communicate()
    assert program.returncode == 1
    assert wait_until(lambda: left(mark), lambda found: not found, seconds=20) == []


def test_no_process_outlives_an_emulator_that_is_killed(start_program: StartProgram) -> None:
    _, mark = start_program("time.sleep(600)")
    emulators = [process for process in marked(mark) if "twin.emulator" in process.cmdline()]
    os.kill(emulators[0].pid, signal.SIGKILL)
    assert wait_until(lambda: left(mark), lambda found: not found, seconds=20) == []


def test_the_next_emulator_starts_where_one_was_killed(tmp_path: Path, start_program: StartProgram) -> None:
    program, mark = start_program("time.sleep(600)")
    program.kill()
    program.wait()
    assert wait_until(lambda: left(mark), lambda found: not found, seconds=20) == []
    with Emulator(tmp_path) as again:
        assert again.client("s3").list_buckets()["Buckets"] == []
