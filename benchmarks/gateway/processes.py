"""The processes that a measurement is made of: the upstream, the gateway, and what the gateway is compared with."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, NamedTuple

from twin.processes.ports import free_port

HOST = "127.0.0.1"
MODEL, OTHER = "first", "second"
STARTING_SECONDS = 30.0
SETTINGS = {
    "instruction": "Summarize in one sentence.",
    "task_kind": "summarization",
    "limits": {
        "max_input_characters": 20_000,
        "max_output_tokens": 4096,
        "max_chat_tokens": 4096,
        "max_document_bytes": 1_000_000,
        "max_passages": 10,
    },
    "models": [
        {
            "name": name,
            "platform": "bedrock",
            "model_id": f"amazon.{name}-v1:0",
            "context_tokens": 8192,
            "sampling": True,
            "streaming": True,
            "prompt_caching": False,
            "price": {"input_usd_per_million": 0.1, "output_usd_per_million": 0.4},
        }
        for name in (MODEL, OTHER)
    ],
    "approved_price": None,
    "fallback": {MODEL: [OTHER]},
    "embedding": None,
    "cache": {"exact": False, "ttl_seconds": 3600, "semantic": None},
    "budget": {"caller_usd_per_day": None, "usd_per_day": None},
    "guard": {"attacks": False},
    "least_evidence": 0.31,
}


def environment(url: str, **more: str) -> dict[str, str]:
    """Give the environment of a process that takes `url` for AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
        "PYTHONPATH": str(Path.cwd()),
        **more,
    }


def python(*arguments: str) -> list[str]:
    """Give the command line of this Python."""
    return [sys.executable, *arguments]


@contextmanager
def upstream(*arguments: str) -> Iterator[str]:
    """Run a scripted upstream and give its address."""
    command = python("-m", "benchmarks.gateway.upstream", *arguments)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://{HOST}:{int(process.stdout.readline())}"
        process.stdin.close()


@contextmanager
def bare(url: str, name: str, *, writing: bool = False) -> Iterator[Callable[[int], float]]:
    """Run boto3 by itself; gives a function that has it ask so often, and tells the processor time of one.

    Args:
        url: the upstream's address.
        name: of the function of `benchmarks.gateway.bare.Bare`.
        writing: whether only its writes are counted.
    """
    written = 0.0
    with _drain() as port:
        command = python("-m", "benchmarks.gateway.bare", name, str(port))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, env=environment(url), text=True, **pipes) as process:  # type: ignore[call-overload]

            def ask(count: int) -> float:
                nonlocal written
                began, before = cpu_seconds(process.pid), written
                process.stdin.write(f"{count}\n")
                process.stdin.flush()
                if not (line := process.stdout.readline()):
                    raise RuntimeError("boto3 by itself failed; its standard error says why.")
                written = float(line)
                return (written - before if writing else cpu_seconds(process.pid) - began) / count

            yield ask
            process.stdin.close()


@contextmanager
def _drain() -> Iterator[int]:
    """Give a port where one connection is read, and nothing done with it."""

    def read() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                while connection.recv(65_536):
                    pass

    with socket.create_server((HOST, 0)) as listener:
        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        yield int(listener.getsockname()[1])
    reading.join()


class Started(NamedTuple):
    """A running gateway."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Give the process's id."""
        return self.process.pid


@contextmanager
def gateway(
    url: str,
    *,
    module: str = "lambdas.gateway",
    errors: IO[bytes] | None = None,
    settings: Mapping[str, object] | None = None,
    **more: str,
) -> Iterator[Started]:
    """Run the gateway before an upstream, as it runs in Lambda.

    Args:
        url: the upstream's address.
        module: what to run.
        errors: where its standard error goes.
        settings: members of its settings in place of those here.
        more: further variables of its environment.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.json"
        path.write_text(json.dumps({**SETTINGS, **(settings or {})}), encoding="utf-8")
        names = {
            "GATEWAY_SETTINGS": str(path),
            "AWS_LWA_PORT": str(port),
            "SERVICE_NAME": "bench",
            "TARGET_PARAMETER": "/target",
            "MODELS_BUCKET": "models",
        }
        with Path(os.devnull).open("wb") as output:
            environ = environment(url, **names, **more)
            process = subprocess.Popen(python("-m", module), env=environ, stdout=output, stderr=errors)
            try:
                _wait_for(port, process)
                yield Started(port, process)
            finally:
                process.terminate()
                process.communicate(timeout=60)


def cpu_seconds(pid: int) -> float:
    """Give the processor time that a process has used, by the scheduler's own count of nanoseconds."""
    seconds = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
    return seconds


def measured(code: str, environ: Mapping[str, str], folder: Path) -> float:
    """Run code that prints one number, and give it; `folder` is where Python looks for modules first."""
    output = subprocess.run(
        python("-c", code), env=dict(environ), stdout=subprocess.PIPE, check=True, text=True, cwd=folder
    ).stdout
    return float(output.split()[-1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The gateway did not start; its standard error says why.")
