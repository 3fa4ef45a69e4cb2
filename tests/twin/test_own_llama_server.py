"""A llama-server of the user's own serves in place of the one that is installed, and is never replaced unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.twin.helpers import wait_until
from twin.emulator import Emulator, EmulatorError
from twin.model_server import (
    PROGRAM_VARIABLE,
    ModelServer,
    ModelServerError,
    ProgramError,
    own_program,
    program_environment,
)

# Tells its command line and environment, listens as llama-server does, and logs what looks like that once more.
PROGRAM = """#!{python}
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"status": "ok", "given": sys.argv[1:], "environment": dict(os.environ)}}).encode()
        print("prompt: listening on http://127.0.0.1:9", file=sys.stderr, flush=True)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"main: server is listening on http://127.0.0.1:{{server.server_port}}", file=sys.stderr, flush=True)
server.serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with llama-server's command line and its line of log; it tells what it was given."""
    path = tmp_path / "bin" / "llama-server"
    path.parent.mkdir()
    path.write_text(PROGRAM.format(python=sys.executable))
    path.chmod(0o755)
    return path


def given(flags: list[str], tmp_path: Path) -> list[str]:
    with ModelServer(flags, tmp_path / "server.log") as server:
        found: list[str] = server.request("GET", "/health").json()["given"]
        return found


def value_of(flag: str, flags: list[str]) -> str:
    return flags[flags.index(flag) + 1]


def test_it_takes_the_flags_that_the_installed_one_takes(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    flags = given(["--model", "/models/a.gguf", "--ctx-size", "512", "--parallel", "2", "--embeddings"], tmp_path)
    expected = {"--model": "/models/a.gguf", "--alias": "a", "--ctx-size": "512", "--parallel": "2", "--threads": "1"}
    assert {flag: value_of(flag, flags) for flag in expected} == expected
    assert "--embeddings" in flags
    assert "--kv-unified" not in flags


@pytest.mark.parametrize(
    ("flags", "batch"),
    [([], "256"), (["--batch-size", "1024"], "1024"), (["--embeddings"], None)],
    ids=["of its own", "as it was asked for", "texts to embed fit into one"],
)
def test_it_reads_prompts_in_batches_between_which_it_can_be_stopped(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], batch: str | None
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    found = given(["--model", "/models/a.gguf", *flags], tmp_path)
    assert (value_of("--batch-size", found) if "--batch-size" in found else None) == batch


def test_it_listens_on_loopback_at_a_port_that_the_kernel_chooses(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    flags = given(["--model", "/models/a.gguf"], tmp_path)
    assert (value_of("--host", flags), value_of("--port", flags)) == ("127.0.0.1", "0")
    # As llama-server has it where nobody says how many slots there are.
    assert "--kv-unified" in flags


def test_a_flag_that_the_container_on_aws_would_not_get_ends_it_too(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    with pytest.raises(ModelServerError, match="unrecognized arguments: --flux 3"):
        given(["--model", "/models/a.gguf", "--flux", "3"], tmp_path)


def test_it_finds_its_libraries_and_the_gpu_that_it_may_use(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/llama.cpp/lib")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("UNRELATED", "1")
    with ModelServer(["--model", "/models/a.gguf"], tmp_path / "server.log") as server:
        found = server.request("GET", "/health").json()["environment"]
    assert (found["LD_LIBRARY_PATH"], found["CUDA_VISIBLE_DEVICES"]) == ("/opt/llama.cpp/lib", "1")
    assert "UNRELATED" not in found


def test_what_it_logs_later_moves_no_address(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    with ModelServer(["--model", "/models/a.gguf"], tmp_path / "server.log") as server:
        wait_until(lambda: "http://127.0.0.1:9\n" in (tmp_path / "server.log").read_text(), bool)
        assert server.request("GET", "/health").status == 200


def test_one_on_the_path_is_found_by_its_name(program: Path) -> None:
    here = os.environ["PATH"]
    assert own_program({PROGRAM_VARIABLE: ""}) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}{os.pathsep}{here}")
        assert own_program({PROGRAM_VARIABLE: "llama-server"}) == program


def test_one_that_is_not_there_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ProgramError, match=r"nowhere.*no such program.*unset FOURFOLD_LLAMA_SERVER"):
        own_program()
    emulator = Emulator(tmp_path / "emulator")
    with pytest.raises(EmulatorError, match="no such program"):
        emulator.start()
    assert not (tmp_path / "emulator" / "tmp").exists()


def test_one_that_was_built_here_serves_where_the_environment_names_none(program: Path) -> None:
    assert own_program({}, built=program) == program
    assert own_program({}, built=program.with_name("not-built")) is None
    assert own_program({PROGRAM_VARIABLE: ""}, built=program) is None


def test_a_process_serves_with_the_program_of_the_one_that_started_it(program: Path) -> None:
    # Its own environment decides, whatever is built by then.
    for given in ({}, {PROGRAM_VARIABLE: ""}, {PROGRAM_VARIABLE: str(program)}):
        for built in (program, program.with_name("not-built")):
            chosen = own_program(given, built=built)
            assert own_program(program_environment(given, built=built), built=program) == chosen


def test_it_ends_when_whoever_serves_with_it_is_killed(program: Path, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from twin.model_server import ModelServer\n"
        f"server = ModelServer(['--model', '/models/a.gguf'], Path({str(tmp_path / 'log')!r})); server.start()\n"
        "print('up', flush=True); import time; time.sleep(600)"
    )
    environment = {**os.environ, PROGRAM_VARIABLE: str(program)}
    serving = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
    assert serving.stdout
    assert serving.stdout.readline() == "up\n"
    servers = psutil.Process(serving.pid).children(recursive=True)
    assert any(str(program) in each.cmdline() for each in servers)
    serving.kill()
    serving.wait()
    _, alive = psutil.wait_procs(servers, timeout=30)
    assert alive == []
