"""llama.cpp's own server, built for this processor (see `twin.model_server.build`), asked without anything between."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.inference import chat
from benchmarks.inference.load import Counted
from twin.model_server import BUILT
from twin.processes.ports import free_port

_START_S = 120


class LlamaServer:
    """A server that listens on loopback."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self._port = pid, port

    def ask(self, prompt: str, tokens: int) -> Counted:
        """Ask for one chat completion."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", chat.request(prompt, tokens), headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"llama-server answered {answer.status}: {body.decode(errors='replace')[:500]}")
        return chat.counted(json.loads(body), tokens)

    def healthy(self) -> bool:
        """Whether the model is loaded."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def served(gguf: Path, folder: Path, requests: int, context_tokens: int, threads: int) -> Iterator[LlamaServer]:
    """Serve a model with a slot for each request that comes at a time, and the same context for each; end it."""
    port = free_port()
    flags = ["--model", str(gguf), "--host", "127.0.0.1", "--port", str(port), "--threads", str(threads)]
    flags += ["--parallel", str(requests), "--ctx-size", str(requests * context_tokens)]
    with (folder / "llama-server.log").open("wb") as log:
        process = subprocess.Popen([str(BUILT), *flags], stdout=log, stderr=subprocess.STDOUT)
    try:
        server, deadline = LlamaServer(process.pid, port), time.monotonic() + _START_S
        while not server.healthy():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"llama-server did not come up; its log is {folder / 'llama-server.log'}.")
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)
