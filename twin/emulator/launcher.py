"""Start and end the emulator's process.

Three things keep it from outliving its user: `stop` ends it in order; it ends itself when the pipe to its
standard input closes, which happens whatever ends the process that started it; and the guard process
(`twin.emulator.guard`) kills what it has started should it be killed itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from twin.emulator import ports
from twin.emulator.access import ADDRESS, HOST, Access, answers, in_use
from twin.emulator.account import REGION, root_environment
from twin.events import FILE_VARIABLE
from twin.model_server import ProgramError, program_environment
from twin.processes import MARK_VARIABLE, kill_marked
from twin.weights.imported import SERVERS_VARIABLE

WORK_DIR_VARIABLE = "FOURFOLD_WORK_DIR"
PERSIST_VARIABLE = "FOURFOLD_PERSIST"
_START_TIMEOUT_S = 90.0
# Longer than the emulator waits for stacks that are being changed, and then for its jobs.
_STOP_TIMEOUT_S = 60.0
_REPOSITORY = Path(__file__).resolve().parents[2]
# Nothing else of the user's environment reaches the emulator or the jobs: settings of theirs for AWS, Spark,
# Python or proxies would make two machines differ.
_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


class EmulatorError(Exception):
    """The emulator did not start, or a command against it failed; the text says why and where its log is."""


class Emulator(Access):
    """An emulator of AWS with IAM enforced, in a process of its own, for the time of a `with` block.

    >>> with Emulator(Path(".fourfold/twin")) as emulator:   # doctest: +SKIP
    ...     emulator.client("s3").list_buckets()

    `work_dir` holds its log, its events, temporary files and, with `persist`, its state: what was deployed is
    there again when the next emulator starts on the same directory. It listens on `port`; where none is given, on the
    one that it had there before, or else on one that is free.
    `model_servers` are models that the caller serves, by the id of their import in Bedrock: the addresses of servers
    that speak what llama.cpp's speaks.
    State machines' Wait states and retries take `wait_scale` times as long as they say: what they wait for
    takes seconds here, and minutes on AWS. So does what is written to a collection, until searches find it.
    """

    def __init__(
        self,
        work_dir: Path,
        persist: bool = False,
        wait_scale: float = 0.1,
        model_servers: Mapping[str, str] = MappingProxyType({}),
        port: int | None = None,
    ) -> None:
        super().__init__(work_dir)
        self._asked_port = port
        self._model_servers = dict(model_servers)
        self.persist = persist
        self._wait_scale = wait_scale
        self._port: int | None = None
        self.moved_from: int | None = None
        """The port that it had there before, where somebody else has that now."""
        self._mark = uuid.uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None

    # ---- life -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises EmulatorError when it ends at once, for instance because another one uses the directory, where the
        port that it was given is taken, or where the environment names a llama-server that is not there.
        """
        served_by = _served_by()
        if in_use(self.work_dir):
            # Before anything of the other's is touched, such as its log.
            raise EmulatorError(f"Another emulator is using {self.work_dir}. Wait for its end, or end it.")
        for name in ("tmp", "state", "s3"):
            (self.work_dir / name).mkdir(parents=True, exist_ok=True)
        self.events_file.touch()
        self._port = self._chosen_port()
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "twin.emulator"],
                cwd=_REPOSITORY,
                env=self._process_environment() | served_by,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
            (self.work_dir / ADDRESS).write_text(self.endpoint_url)
            ports.remember(self.work_dir, self._port)
        except BaseException:
            # It has nothing to save yet, and would first load what it serves before it saw its pipe closed.
            kill_marked(self._mark)
            self.stop()
            raise

    def stop(self) -> None:
        """End the process and everything that it started; its state is saved first where it persists."""
        process, self._process = self._process, None
        if process is None:
            return
        with _uninterrupted():
            self._withdraw_address()
            self._end(process)

    def wait(self) -> None:
        """Wait until the process ends without having been told to. Raises EmulatorError when it has."""
        if self._process is None:
            raise EmulatorError("The emulator is not running.")
        status = self._process.wait()
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with the exit status {status}"
        lost = " What had changed in its account since it was started is lost, but for files in buckets."
        raise EmulatorError(
            f"The emulator {how}, and serves nothing any more.{lost if self.persist else ''} Its log: {self.log_file}"
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ---- use --------------------------------------------------------------------------------------------

    @property
    def endpoint_url(self) -> str:
        """Where every service is served."""
        return f"http://{HOST}:{self._port}"

    @property
    def port(self) -> int:
        """The port on loopback, known once started."""
        if self._port is None:
            raise EmulatorError("The emulator has no port before it is started.")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the emulator."""
        if self._process is None:
            raise EmulatorError("The emulator is not running.")
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """What the emulator itself logs."""
        return self.work_dir / "emulator.log"

    @property
    def mark(self) -> str:
        """What every process of the emulator carries; see `twin.processes`."""
        return self._mark

    # ---- inside -----------------------------------------------------------------------------------------

    def _chosen_port(self) -> int:
        former = ports.former(self.work_dir)
        try:
            port = ports.chosen(self.work_dir, self._asked_port)
        except ports.PortRefused as error:
            raise EmulatorError(str(error)) from error
        self.moved_from = former if former not in (0, port) and self._asked_port is None else None
        return port

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        try:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise EmulatorError(f"The emulator did not end in time and was killed. Its log: {self.log_file}") from error
        finally:
            kill_marked(self._mark)
            process.wait()

    def _withdraw_address(self) -> None:
        file = self.work_dir / ADDRESS
        # One that was refused a directory must not take the address of the one that uses it.
        if file.exists() and file.read_text() == self.endpoint_url:
            file.unlink()

    def _process_environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        switch = "1" if self.persist else "0"
        return {
            **inherited,
            **root_environment(self.endpoint_url),
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # No Docker, whether or not this machine has it: two machines must behave alike, and the
            # emulator would remove what another emulator left in the daemon.
            "DOCKER_HOST": f"unix://{self.work_dir}/no-docker.sock",
            "PERSIST_STATE": switch,
            "S3_PERSIST": switch,
            "STATE_DIR": str(self.work_dir / "state"),
            "S3_DATA_DIR": str(self.work_dir / "s3"),
            "TMPDIR": str(self.work_dir / "tmp"),
            "LOG_LEVEL": "INFO",
            "SFN_WAIT_SCALE": str(self._wait_scale),
            "PYTHONUNBUFFERED": "1",
            FILE_VARIABLE: str(self.events_file),
            MARK_VARIABLE: self._mark,
            WORK_DIR_VARIABLE: str(self.work_dir),
            SERVERS_VARIABLE: json.dumps(self._model_servers),
            PERSIST_VARIABLE: switch,
        }

    def _wait_until_ready(self) -> None:
        process = self._process
        deadline = time.monotonic() + _START_TIMEOUT_S
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            if answers(self.endpoint_url):
                return
            time.sleep(0.05)
        tail = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-15:])
        raise EmulatorError(f"The emulator did not start. Its log, {self.log_file}, ends:\n{tail}")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Leave Ctrl-C aside in the block: whoever presses it again would lose what the first one is about to save."""
    if threading.current_thread() is not threading.main_thread():
        yield  # interrupts go to the main thread alone
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def _served_by() -> dict[str, str]:
    try:
        return program_environment()
    except ProgramError as error:
        raise EmulatorError(str(error)) from error
