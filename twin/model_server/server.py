"""Start, ask and end a server process."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from twin.cancellation import on_cancel
from twin.model_server.program import program_environment
from twin.processes import Process

_REPOSITORY = Path(__file__).resolve().parents[2]
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
# How llama-server says it.
_LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
_START_TIMEOUT_S = 120.0
_HEALTH_TIMEOUT_S = 5.0
_ANSWER_TIMEOUT_S = 600.0
_TAIL_LINES = 12

_emulator_log = logging.getLogger(__name__)


class ModelServerError(Exception):
    """The server did not start, has ended or does not answer; the text has the last lines of its log."""


@dataclass(frozen=True)
class Answer:
    """What the server answered: the HTTP status, the content type and the body."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """The body's JSON. Raises ValueError where it is none."""
        return json.loads(self.body)


def request(
    url: str,
    method: Literal["GET", "POST"],
    path: str,
    body: bytes | None = None,
    content_type: str = "application/json",
    timeout: float = _ANSWER_TIMEOUT_S,
) -> Answer:
    """Ask the server at an address, whoever runs it. Raises TimeoutError, or ModelServerError when it is not there.

    Work that is cancelled meanwhile (`twin.cancellation`) closes the connection: the server then ends its own.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.connect()
        connected = connection.sock
        with on_cancel(lambda: shut(connected)):
            connection.request(method, path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise ModelServerError(f"The model server does not answer: {error!r}.") from error
    finally:
        connection.close()


def shut(connected: socket.socket) -> None:
    """End a connection from any thread: whoever reads from it comes to an end, and the other side sees it."""
    with contextlib.suppress(OSError):  # it has ended by itself
        connected.shutdown(socket.SHUT_RDWR)


class ModelServer:
    """One llama.cpp server on loopback, with a port of its own.

    >>> with ModelServer(served_model(path, 4096), Path("server.log")) as server:   # doctest: +SKIP
    ...     server.request("GET", "/health").status
    200
    """

    def __init__(self, flags: Sequence[str], log_file: Path, on_line: Callable[[str], None] | None = None) -> None:
        """`flags` are llama-server's (see `flags.parser`); `on_line` gets each line of its log too, until it raises."""
        self._flags, self._log_file, self._on_line = list(flags), log_file, on_line
        self._process: Process | None = None
        self._listening = threading.Event()
        self._address = ""

    def start(self, timeout: float = _START_TIMEOUT_S) -> None:
        """Start the process, anew if it has ended, and wait until it reports that it is healthy.

        Raises ModelServerError when it ends before that, or is not healthy after `timeout` seconds.
        """
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        self._listening.clear()
        self._process = Process(
            [sys.executable, "-m", "twin.model_server", *self._flags],
            env={name: os.environ[name] for name in _INHERITED if name in os.environ} | program_environment(),
            cwd=_REPOSITORY,
            on_line=self._take_line,
        )
        deadline = time.monotonic() + timeout
        while not (self._listening.wait(0.05) and self._healthy()):
            if not self.running or time.monotonic() > deadline:
                why = "is not healthy in time" if self.running else "ended while it was starting"
                self.stop()
                raise ModelServerError(f"The model server {why}. {self._last_lines()}")

    def _healthy(self) -> bool:
        try:
            return self.request("GET", "/health", timeout=_HEALTH_TIMEOUT_S).status == 200
        except TimeoutError:  # busy with its start
            return False

    def request(
        self,
        method: Literal["GET", "POST"],
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout: float = _ANSWER_TIMEOUT_S,
    ) -> Answer:
        """Ask the server. Raises TimeoutError after `timeout` seconds, ModelServerError when it is not there."""
        url = self.url
        try:
            return request(url, method, path, body, content_type, timeout)
        except ModelServerError as error:
            raise ModelServerError(f"{error} {self._last_lines()}") from error

    @property
    def url(self) -> str:
        """Where it listens. Raises ModelServerError before it was started."""
        if not self._address:
            raise ModelServerError("The model server has not been started.")
        return f"http://{self._address}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.running

    def stop(self) -> None:
        """End the process; nothing happens where there is none."""
        if self._process is not None:
            self._process.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _last_lines(self) -> str:
        tail = list(self._process.tail) if self._process is not None else []
        lines = "\n".join(tail[-_TAIL_LINES:])
        return f"Its log, {self._log_file}, ends:\n{lines}"

    def _take_line(self, line: str, stream: Literal["stdout", "stderr"]) -> None:
        with self._log_file.open("a") as log:
            log.write(f"{line}\n")
        self._pass_on(line)
        # The first alone: what it logs later may hold a prompt.
        if not self._listening.is_set() and (address := _address_in(line, stream)):
            self._address = urlsplit(address).netloc
            self._listening.set()

    def _pass_on(self, line: str) -> None:
        """Give a line to who wants it. What cannot be written ends no server, and hinders no end."""
        on_line = self._on_line
        if on_line is None:
            return
        try:
            on_line(line)
        except Exception:
            _emulator_log.exception("The lines of %s go nowhere else from now on.", self._log_file)
            self._on_line = None


def _address_in(line: str, stream: Literal["stdout", "stderr"]) -> str | None:
    """The address that a line tells: the twin's own server prints JSON, and a llama-server logs it."""
    if stream == "stdout" and line.startswith('{"url"'):
        return str(json.loads(line)["url"])
    told = _LISTENING.search(line)
    return told[1] if told else None
