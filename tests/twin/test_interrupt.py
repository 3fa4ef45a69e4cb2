"""Ctrl-C at a terminal, and SIGTERM: one line, exit status 130 or 143, and nothing left of what ran.

A terminal sends the interrupt to its whole foreground group, so this needs one: the command runs under a pty.
"""

from __future__ import annotations

import os
import pty
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.twin.helpers import wait_until
from twin.events import read

ROOT = Path(__file__).resolve().parents[2]
SOON_S = 15
# `fourfold run`, whose run is one Glue job instead of a deployment and a workflow: what it starts is the same.
PROGRAM = """
import sys, time
from pathlib import Path
import cli.main, cli.run
from tests.twin.helpers import allow, make_role
from twin.emulator import Emulator

SCRIPT = '''
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print('PROGRESS {"phase": "spark is up"}', flush=True)
spark.sparkContext.parallelize([1, 2], 2).map(lambda number: time.sleep(600)).collect()
'''

def run(settings, options, board, after):
    with board.step("StartEmulator"), Emulator(Path(sys.argv[1])) as emulator, board.step("PrepareData"):
        emulator.client("s3").create_bucket(Bucket="code")
        emulator.client("s3").put_object(Bucket="code", Key="job.py", Body=SCRIPT.encode())
        glue = emulator.client("glue")
        command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://code/job.py"}
        role = make_role(emulator, "glue", allow(["s3:GetObject", "logs:*"]))
        glue.create_job(Name="job", Role=role, Command=command, GlueVersion="5.1", WorkerType="G.1X", NumberOfWorkers=2)
        glue.start_job_run(JobName="job")
        time.sleep(600)

cli.run.run = run
cli.run.ROOT = Path(sys.argv[1])  # nobody's run is in the way
cli.main.app(["run", "--output", sys.argv[2]])
"""


class Terminal:
    """A program in the foreground of a terminal of its own."""

    def __init__(self, *command: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            # Whoever started the tests may ignore interrupts, and what is ignored stays so in a new program.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(ROOT)
            os.execve(command[0], command, {**os.environ, "TERM": "xterm", "COLUMNS": "160"})
        self._printed = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while chunk := os.read(self._terminal, 65536):
                self._printed += chunk
        except OSError:  # how Linux tells that the other side is closed
            return

    def press_ctrl_c(self) -> None:
        os.write(self._terminal, b"\x03")

    def terminate(self) -> None:
        """As `docker stop` does; a second time, as somebody who does not want to wait."""
        os.kill(self.pid, signal.SIGTERM)
        time.sleep(0.2)
        os.kill(self.pid, signal.SIGTERM)

    def exit_status(self) -> int:
        """Wait for the end, but not for ever; a negative number is the signal that it was."""
        _, status = wait_until(lambda: os.waitpid(self.pid, os.WNOHANG), lambda found: found[0] == self.pid)
        self._reader.join(timeout=5)  # a process that is left keeps the terminal open
        return os.waitstatus_to_exitcode(status)

    def text(self) -> str:
        """What was printed, without the escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._printed.decode(errors="replace")).replace("\r", "")


@pytest.fixture
def start() -> Iterator[Callable[..., Terminal]]:
    """Starts a program in a terminal, and ends it with the test."""
    started: list[psutil.Process] = []

    def begin(*command: str) -> Terminal:
        terminal = Terminal(*command)
        started.append(psutil.Process(terminal.pid))
        return terminal

    yield begin
    for process in started:
        if process.is_running():
            process.kill()


@pytest.mark.parametrize(("ask_to_end", "status"), [(Terminal.press_ctrl_c, 130), (Terminal.terminate, 143)])
def test_what_asks_it_to_end_while_spark_runs_ends_everything_and_is_told_in_one_line(
    ask_to_end: Callable[[Terminal], None], status: int, start: Callable[..., Terminal], tmp_path: Path
) -> None:
    work, reports = tmp_path / "emulator", tmp_path / "runs"
    terminal = start(sys.executable, "-c", PROGRAM, str(work), str(reports))
    wait_until(
        lambda: [event.get("phase") for event, _ in read(work / "events.jsonl")],
        lambda phases: "spark is up" in phases,
        seconds=120,
    )
    processes = psutil.Process(terminal.pid).children(recursive=True)
    assert any(process.name() == "java" for process in processes)

    ask_to_end(terminal)

    assert terminal.exit_status() == status
    assert terminal.text().count("Interrupted") == 1
    assert terminal.text().splitlines()[-1].startswith("Interrupted")
    assert "Traceback" not in terminal.text()
    wait_until(lambda: [one for one in processes if one.is_running()], lambda left: not left, seconds=SOON_S)
    assert not reports.exists()
