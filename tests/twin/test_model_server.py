"""Model servers: they start, answer, and end with whoever started them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.twin.helpers import wait_until
from twin.model_server import Answer, AnswerStream, ModelServer, ModelServerError, served_model
from twin.weights import smollm2_gguf

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
from pathlib import Path
from twin.model_server import ModelServer, served_model
from twin.weights import smollm2_gguf
server = ModelServer(served_model(smollm2_gguf(), 512), Path(sys.argv[1]))
server.start()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    with ModelServer(served_model(smollm2_gguf(), 512, slots=2), log) as running:
        yield running


def chat(server: ModelServer, text: str, **settings: object) -> dict[str, object]:
    body = {"messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 12, **settings}
    answer = server.request("POST", "/v1/chat/completions", json.dumps(body).encode())
    assert answer.status == 200, answer.body
    found: dict[str, object] = answer.json()
    return found


def test_it_is_healthy_once_started_and_serves_the_slots_asked_for(server: ModelServer) -> None:
    assert server.request("GET", "/health").json() == {"status": "ok"}
    slots = server.request("GET", "/slots").json()
    assert [slot["n_ctx"] for slot in slots] == [512, 512]


def test_the_models_own_chat_template_is_applied(server: ModelServer) -> None:
    messages = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
    answer = server.request("POST", "/apply-template", json.dumps(messages).encode()).json()
    assert answer["prompt"] == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_the_model_really_answers(server: ModelServer) -> None:
    answer = chat(server, "What is the capital of France? Answer in one word.")
    assert "Paris" in str(answer["choices"])


def test_requests_are_served_side_by_side(server: ModelServer) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda number: chat(server, f"Say the number {number}."), range(3)))
    assert all(answer["choices"] for answer in answers)


def test_it_listens_on_loopback_alone(server: ModelServer) -> None:
    children = psutil.Process().children()
    (process,) = [child for child in children if "twin.model_server" in child.cmdline()]
    # A llama-server of one's own is a process below it.
    all_of_it = [process, *process.children(recursive=True)]
    sockets = [socket for each in all_of_it for socket in each.net_connections("inet")]
    listening = [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_a_request_that_it_cannot_read_is_answered_with_an_error(server: ModelServer) -> None:
    assert server.request("POST", "/v1/chat/completions", b"not json").status == 400


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--model", "/nowhere/model.gguf"], "model"),
        (["--model", str(smollm2_gguf()), "--flux", "3"], "unrecognized arguments: --flux 3"),
    ],
)
def test_a_server_that_cannot_start_says_why_at_once(tmp_path: Path, flags: list[str], reason: str) -> None:
    server = ModelServer(flags, tmp_path / "server.log")
    with pytest.raises(ModelServerError, match="ended while it was starting") as error:
        server.start(timeout=60)
    assert reason in str(error.value)
    assert str(tmp_path / "server.log") in str(error.value)
    assert reason in (tmp_path / "server.log").read_text()


def test_a_server_that_is_not_healthy_in_time_is_ended(tmp_path: Path) -> None:
    server = ModelServer(served_model(smollm2_gguf(), 512), tmp_path / "server.log")
    with pytest.raises(ModelServerError, match="is not healthy in time"):
        server.start(timeout=0.0)
    assert not server.running


def test_a_server_that_is_slow_to_tell_of_its_health_is_waited_for(tmp_path: Path) -> None:
    class Slow(ModelServer):
        asked = 0

        def request(self, *given: Any, **settings: Any) -> Answer:
            self.asked += 1
            if self.asked == 1:
                raise TimeoutError
            return super().request(*given, **settings)

    with Slow(served_model(smollm2_gguf(), 512), tmp_path / "server.log") as server:
        assert server.asked == 2
        assert server.running


def test_a_line_that_cannot_be_passed_on_hinders_neither_the_server_nor_its_end(tmp_path: Path) -> None:
    def refuse(_line: str) -> None:
        raise PermissionError

    with ModelServer(served_model(smollm2_gguf(), 512), tmp_path / "server.log", refuse) as server:
        assert server.request("GET", "/health").status == 200
    assert not server.running


def test_a_stopped_server_does_not_answer(tmp_path: Path) -> None:
    server = ModelServer(served_model(smollm2_gguf(), 512), tmp_path / "server.log")
    with pytest.raises(ModelServerError, match="has not been started"):
        server.request("GET", "/health")
    server.start()
    server.stop()
    with pytest.raises(ModelServerError, match="does not answer"):
        server.request("GET", "/health")


def test_a_server_that_has_ended_can_be_started_again(tmp_path: Path) -> None:
    server = ModelServer(served_model(smollm2_gguf(), 512), tmp_path / "server.log")
    server.start()
    server.stop()
    server.start()
    assert server.request("GET", "/health").status == 200
    server.stop()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "server.log")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    assert program.stdout.readline() == "up\n"
    servers = psutil.Process(program.pid).children(recursive=True)
    assert servers
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    wait_until(
        lambda: [each for each in servers if each.is_running() and each.status() != psutil.STATUS_ZOMBIE],
        lambda alive: not alive,
    )


def test_a_stream_that_is_refused_lets_its_connection_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        refused = ThreadPoolExecutor(1).submit(refuse_one, listening)
        stream = AnswerStream(f"http://127.0.0.1:{listening.getsockname()[1]}", "/completion", b"{}", timeout=30)
        assert refused.result(30) == b""
    assert stream.refusal == Answer(400, "text/plain", b"no")


def refuse_one(listening: socket.socket) -> bytes:
    """Answer a request with a refusal that keeps the connection open, and give what comes after it."""
    connection, _ = listening.accept()
    with connection:
        connection.settimeout(10)
        received = b""
        while not received.endswith(b"\r\n\r\n{}"):
            received += connection.recv(1024)
        head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno"
        connection.sendall(head.encode())
        return connection.recv(1)
