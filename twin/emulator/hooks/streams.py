"""An answer whose body comes in pieces, each sent as it comes; the emulator itself sends answers as a whole."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core import responses

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stream:
    """An answer with status 200, in pieces.

    Attributes:
        pieces: iterated on a thread of its own, with the account and region of the request at hand.
        cancel: called from another thread once the client has gone away; `pieces` must then end soon.
        headers: those of the answer, which has no length.
    """

    pieces: Iterator[bytes]
    cancel: Callable[[], None]
    headers: Mapping[str, str] = field(default_factory=dict)


def stream_as_raw(stream: Stream) -> tuple[int, dict[str, str], Any]:
    """The emulator's form of such an answer."""

    async def run(send: Send, receive: Receive) -> None:
        await _send_pieces(stream, send, receive)

    return 200, dict(stream.headers), responses.StreamingResponse(run)


async def _send_pieces(stream: Stream, send: Send, receive: Receive) -> None:
    pieces: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
    _pump(stream, asyncio.get_running_loop(), pieces)
    leaving = asyncio.create_task(_gone(receive))
    try:
        while True:
            getting = asyncio.create_task(pieces.get())
            await asyncio.wait({getting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                getting.cancel()
                return
            piece = getting.result()
            if isinstance(piece, BaseException):
                # Without the last frame: the client must see that something is missing.
                _log.error("A stream broke off.", exc_info=piece)
                return
            await send({"type": "http.response.body", "body": piece or b"", "more_body": piece is not None})
            if piece is None:
                return
    finally:
        leaving.cancel()
        # Also when the emulator ends in the middle. What has ended has nothing left to cancel.
        await asyncio.to_thread(stream.cancel)


def _pump(stream: Stream, loop: asyncio.AbstractEventLoop, into: asyncio.Queue[bytes | BaseException | None]) -> None:
    """Put the pieces into the queue, and None or what was raised after the last one."""

    def run() -> None:
        last: BaseException | None = None
        try:
            for piece in stream.pieces:
                loop.call_soon_threadsafe(into.put_nowait, piece)
        except Exception as error:
            last = error
        loop.call_soon_threadsafe(into.put_nowait, last)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="stream", daemon=True).start()


async def _gone(receive: Receive) -> None:
    """Return once the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
