"""An execution environment of a function with the Lambda Web Adapter: its application's process, on a port of its own.

The function's files, its role's credentials and Lambda's variables and programs are there, and nothing of this
project's. What the process prints is kept for the function's log.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import tempfile
import time
import zipfile
from collections import deque
from io import BytesIO
from pathlib import Path

from twin.emulator.hooks import FunctionFailedError, WebFunction
from twin.processes import Process
from twin.processes.ports import LOOPBACK, free_port
from twin.web_adapter.settings import FALLBACK_PORT_VARIABLE, PORT_VARIABLE, AdapterSettings

# What the adapter's wrapper does on AWS: the handler is a program in the function's folder.
_WRAPPER = ("/bin/bash", "-c", 'exec -- "$LAMBDA_TASK_ROOT/$_HANDLER"')
# Lambda gives an environment so long to come up, and where that is not enough, the function's own time besides.
_INITIALIZATION_S = 10.0
_LOOK_S = 0.02
_PROBE_S = 2.0
_ENDING_S = 0.5
_LINES = 10_000


class Environment:
    """One process of an application. It serves as many requests at once as come, until it is retired."""

    def __init__(self, function: WebFunction, settings: AdapterSettings) -> None:
        """Start the process; `wait_until_ready` says when requests may come."""
        self.function, self.settings = function, settings
        self.in_flight = 0
        self.retired = False
        self.port = free_port()
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._folder = Path(tempfile.mkdtemp(prefix=f"web-function-{function.name}-"))
        _unpack(function.code, self._folder)
        ports = {PORT_VARIABLE, *({FALLBACK_PORT_VARIABLE} & set(function.variables))}
        environment = function.environment(self._folder) | dict.fromkeys(ports, str(self.port))
        self._process = Process(_WRAPPER, environment, self._folder, self._keep, merge=True)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.running

    def has_ended(self) -> bool:
        """Whether the process ends: its connections close a moment before."""
        deadline = time.monotonic() + _ENDING_S
        while self.alive and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return not self.alive

    def wait_until_ready(self, request_id: str) -> None:
        """Wait until the application answers on its port.

        Raises:
            FunctionFailedError: its process ended, or it did not answer in time.
        """
        seconds = _INITIALIZATION_S + self.function.timeout
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if not self.alive:
                code = self._process.stop().returncode
                raise FunctionFailedError(
                    "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}"
                )
            if time.monotonic() > deadline:
                self._keep(
                    f"The application did not answer {self.settings.readiness_path} on {LOOPBACK}:{self.port} within "
                    f"{seconds:g} seconds. It must listen on the port that {PORT_VARIABLE} names."
                )
                raise FunctionFailedError(
                    "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
                )
            time.sleep(_LOOK_S)

    def printed(self) -> str:
        """What the process has printed since this was last asked."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        return "\n".join(lines)

    def end(self) -> None:
        """End the process, which gets SIGTERM first, and remove the function's files."""
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, line: str, _stream: str = "stdout") -> None:
        self._lines.append(line)

    def _is_ready(self) -> bool:
        if self.settings.readiness_by_tcp:
            with socket.socket() as probe:
                return probe.connect_ex((LOOPBACK, self.port)) == 0
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_PROBE_S)
        try:
            connection.request("GET", self.settings.readiness_path)
            return connection.getresponse().status in self.settings.healthy
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _unpack(code: bytes, folder: Path) -> None:
    """Write a function's files with the permissions that its archive gives them: the handler must be a program."""
    with zipfile.ZipFile(BytesIO(code)) as archive:
        for entry in archive.infolist():
            written = Path(archive.extract(entry, folder))
            permissions = entry.external_attr >> 16 & 0o777
            if permissions and not entry.is_dir():
                written.chmod(permissions | 0o400)
