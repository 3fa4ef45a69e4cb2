"""What a working thread hands to the loop: the head of a response once, then bytes as they come.

The loop is woken once for whatever has gathered meanwhile, and not for each event: at a hundred tokens a second that
is most of what a stream costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping


class Outbox:
    """Filled by one thread, emptied by one task."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filled = asyncio.Event()
        self._waking = False
        self._pieces: deque[bytes] = deque()
        self._closed = False
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Say how the response begins; goes out with the first bytes."""
        self.headers = headers
        self.status = status

    def put(self, piece: bytes) -> None:
        """Send bytes, now."""
        self._pieces.append(piece)
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

    def _wake(self) -> None:
        if not self._waking:
            self._waking = True
            self._loop.call_soon_threadsafe(self._filled.set)
