"""One request's work, and how it is stopped: by a client that went away, or by the deadline.

The work runs in a thread, most of the time blocked in a read from a model's socket. Stopping shuts that socket down:
the read returns at once, and the model's service learns that nobody listens any more.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CLIENT_GONE, TOO_LATE = "client gone", "too late"
_here = threading.local()


class Stopped(Exception):
    """The work is not wanted any more; `why` is `CLIENT_GONE` or `TOO_LATE`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Call:
    """What the loop and the working thread share about one request.

    Args:
        deadline: by `time.monotonic`, when an answer is of no use any more.

    Attributes:
        seconds: from its beginning to the deadline.
        why: what stopped it, or None.
        patience: most seconds that one read from a model may take; None leaves it to the client.
        embedded: by embedding models' ids the tokens of what was embedded for a prompt, and is not counted yet.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.seconds = self.seconds_left
        self.why: str | None = None
        self.patience: float | None = None
        self.embedded: list[tuple[str, int]] = []
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._pausing: threading.Event | None = None
        self._parts: set[Call] = set()

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.deadline - time.monotonic()

    def stop(self, why: str) -> None:
        """End the work from another thread, at once; a second call changes nothing."""
        with self._lock:
            if self.why is not None:
                return
            self.why = why
            if self._pausing:
                self._pausing.set()
            if self._socket:
                _shut(self._socket)
            parts = tuple(self._parts)
        for part in parts:
            part.stop(why)

    @contextmanager
    def part(self) -> Iterator[Call]:
        """Give the present thread, which is another than the call's own, a part of the work: stopped with the whole."""
        part = Call(self.deadline)
        with self._lock:
            part.why = self.why
            self._parts.add(part)
        try:
            with part.here():
                yield part
        finally:
            with self._lock:
                self._parts.discard(part)

    def hold(self, connected: socket.socket | None) -> None:
        """Remember the socket that the thread is about to read from; None once it has read all."""
        with self._lock:
            self._socket = connected
            if self.why is not None and connected:
                _shut(connected)

    def check(self) -> None:
        """Raise what stopped the work, if anything did.

        Raises:
            Stopped: the client is gone or the deadline is over.
        """
        if self.why is None and self.seconds_left <= 0:
            self.why = TOO_LATE
        if self.why is not None:
            raise Stopped(self.why)

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is stopped meanwhile; raises as `check` does."""
        with self._lock:
            self._pausing = threading.Event()
            if self.why is not None:
                self._pausing.set()
        self._pausing.wait(max(0.0, min(seconds, self.seconds_left)))
        self.check()

    @contextmanager
    def here(self) -> Iterator[None]:
        """Make this the call that the present thread works for."""
        _here.call = self
        try:
            yield
        finally:
            _here.call = None
            self.hold(None)


def current() -> Call | None:
    """Give the call that the present thread works for."""
    return getattr(_here, "call", None)


def check_current() -> None:
    """Raise what stopped the call that the present thread works for, if there is one; as `Call.check` does."""
    if (working := current()) is not None:
        working.check()


@contextmanager
def patient(seconds: float) -> Iterator[None]:
    """Let no read of a model's answer take longer within the block; of the present thread's call, if there is one."""
    working = current()
    if working is None:
        yield
        return
    before, working.patience = working.patience, seconds
    try:
        yield
    finally:
        working.patience = before


def _shut(connected: socket.socket) -> None:
    # Of a TLS socket the plain one below: its own `shutdown` drops the state that the reading thread still uses.
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
