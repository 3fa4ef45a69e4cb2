"""What a working thread hands to the loop: the head of a response once, then bytes as they come.

The loop is woken once for whatever has gathered meanwhile, and not for each event: at a hundred tokens a second that
is most of what a stream costs.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus


class Outbox:
    """Filled by one thread, emptied by one task."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filled = asyncio.Event()
        self._waking = False
        self._pieces: deque[bytes] = deque()
        self._closed = False
        self._beginning = threading.Lock()
        self._stream: Mapping[str, str] | None = None
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}

    def stream(self, headers: Mapping[str, str]) -> None:
        """Say that a stream is to come; it begins with its first bytes, or with what breaks the silence before them."""
        self._stream = headers

    def start(self, status: int, headers: Mapping[str, str]) -> bool:
        """Say how the response begins, in place of a stream too; False where a stream has begun already."""
        with self._beginning:
            if self.status is not None:
                return False
            self._stream = None
            self.headers, self.status = headers, status
            return True

    def put(self, piece: bytes) -> None:
        """Send bytes, now."""
        if self.status is None:
            self._begin()
        self._pieces.append(piece)
        self._wake()

    def break_silence(self, comment: bytes) -> None:
        """Send a comment between the events of a stream, from the loop; of any other response nothing."""
        if self._closed or self._pieces or not self._begin():
            return
        self._pieces.append(comment)
        self._wake()

    def close(self) -> None:
        """Say that nothing more comes."""
        self._closed = True
        self._wake()

    async def take(self) -> tuple[bytes, bool]:
        """Wait for something, and give all that is there, and whether more may come."""
        await self._filled.wait()
        self._filled.clear()
        # In this order: whoever adds after the flag is down wakes the loop again, and whoever closes adds nothing more.
        self._waking = False
        more = not self._closed
        gathered = []
        while self._pieces:
            gathered.append(self._pieces.popleft())
        return b"".join(gathered), more

    def _begin(self) -> bool:
        """Begin the stream, where it has not begun; False where none is to come."""
        with self._beginning:
            if self._stream is None:
                return False
            self.headers, self.status = self._stream, HTTPStatus.OK
            return True

    def _wake(self) -> None:
        if not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._filled.set)
