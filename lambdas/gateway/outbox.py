"""What a working thread hands to the loop, or writes itself: the head of a response once, then bytes as they come.

An event that comes by itself, as a model's do, the thread writes to the client's socket itself: to wake the loop for it
costs several times what the write does. Whatever comes faster than the loop takes it goes by the loop, which is woken
once for all that has gathered meanwhile; so does whatever the socket does not take at once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from time import monotonic

CONNECTION = "fourfold.connection"
"""Under this name the state of an ASGI scope has the transport of the client's connection, where there is one."""
# What comes sooner after the last piece is not by itself.
ALONE_SECONDS = 0.0001


class Outbox:
    """Filled by one thread, emptied by one task.

    Attributes:
        last: by `time.monotonic`, when something was last put.
        live: whether it is a stream that has begun: its pieces go out as they come.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filled = asyncio.Event()
        self._waking = False
        self._pieces: deque[bytes] = deque()
        self._closed = False
        self._putting = threading.Lock()
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        # Where they are the same nothing is on its way; the loop alone changes the second and the third.
        self._handed = 0
        self._taken = self._written = 0
        self._stream: Mapping[str, str] | None = None
        self.last = 0.0
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.live = False

    def stream(self, headers: Mapping[str, str]) -> None:
        """Say that a stream is to come; it begins with its first bytes, or with what breaks the silence before them."""
        self._stream = headers

    def start(self, status: int, headers: Mapping[str, str]) -> bool:
        """Say how the response begins, in place of a stream too; False where a stream has begun already."""
        with self._putting:
            if self.status is not None:
                return False
            self._stream = None
            self.headers, self.status = headers, status
            return True

    def put(self, piece: bytes) -> None:
        """Send bytes: now if they are a stream's, or else with the response's end, so that the loop is woken once."""
        now = monotonic()
        alone, self.last = now - self.last >= ALONE_SECONDS, now
        # Who else puts something must find a chunk written whole, or handed over before.
        with self._putting:
            self._begin()
            if alone and self._socket is not None and self._handed == self._written and self._write(piece):
                return
            self._hand_over(piece)
        if self.live:
            self._wake()

    def break_silence(self, comment: bytes) -> None:
        """Send a comment between the events of a stream, from the loop; of any other response nothing."""
        with self._putting:
            if self._closed or self._pieces or not self._begin():
                return
            self._hand_over(comment)
        self._wake()

    def close(self) -> None:
        """Say that nothing more comes."""
        self._closed = True
        self._shut()
        self._wake()

    def open(self, transport: asyncio.Transport) -> None:
        """Let the thread write a live response's chunks to a connection itself, once the head has gone to it.

        The loop's own socket may be closed at any moment, and its number be another's; so the thread has one of its
        own, and closes it.
        """
        if self.live and self._transport is None and not self._closed and not transport.is_closing():
            self._transport = transport
            self._socket = transport.get_extra_info("socket").dup()
            if self._closed:
                self._shut()

    async def take(self) -> tuple[bytes, bool]:
        """Wait for something, and give all that is there, and whether more may come."""
        self._note_written()
        await self._filled.wait()
        self._filled.clear()
        # In this order: whoever adds after the flag is down wakes the loop again, and whoever closes adds nothing more.
        self._waking = False
        more = not self._closed
        gathered = []
        while self._pieces:
            gathered.append(self._pieces.popleft())
        self._taken += len(gathered)
        return b"".join(gathered), more

    def _begin(self) -> bool:
        """Begin the stream, where it has not begun; False where none is to come."""
        if self._stream is None:
            return False
        self.headers, self.status, self.live = self._stream, HTTPStatus.OK, True
        return True

    def _hand_over(self, piece: bytes) -> None:
        self._handed += 1
        self._pieces.append(piece)

    def _wake(self) -> None:
        if not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._filled.set)

    def _write(self, piece: bytes) -> bool:
        """Write a chunk; False where the loop has to, which also finds out whether the client is gone."""
        assert self._socket is not None
        chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
        try:
            sent = self._socket.send(chunk)
        except BlockingIOError:
            return False
        except OSError:
            self._shut()
            return False
        if sent < len(chunk):
            self._handed += 1
            self._loop.call_soon_threadsafe(self._write_rest, chunk[sent:])
        return True

    def _write_rest(self, rest: bytes) -> None:
        assert self._transport is not None
        self._transport.write(rest)
        self._taken += 1
        self._note_written()

    def _note_written(self) -> None:
        """Tell the thread that what it handed over is with the client's system, once nothing waits before it."""
        if self._transport is not None and not self._transport.get_write_buffer_size():
            self._written = self._taken

    def _shut(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
