"""An answer whose body comes in pieces, each sent as it comes; the emulator itself sends answers as a whole."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core import responses

from twin.cancellation import Cancellation

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stream:
    """An answer in pieces.

    Attributes:
        pieces: iterated on a thread of its own, with the account and region of the request at hand.
        cancel: called from another thread once the client has gone away; `pieces` must then end soon.
        headers: those of the answer; a header that comes several times has a list.
        status: the answer's.
    """

    pieces: Iterator[bytes]
    cancel: Callable[[], None]
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    status: int = 200


class _Client:
    """Whoever waits for an answer: only one may wait for its going away, so all who want to know share that."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._answered = False
        self._leaving: asyncio.Task[None] | None = None

    def leaving(self) -> asyncio.Task[None] | None:
        """What is done once the client has gone away; asked for after the request's body was read.

        None for what goes on in a request's name after its answer, or beside it: nobody waits for that.
        """
        if self._answered or asyncio.get_running_loop() is not self._loop:
            return None
        self._leaving = self._leaving or asyncio.create_task(_gone(self._receive))
        return self._leaving

    def forget(self) -> None:
        """Stop waiting."""
        self._answered = True
        if self._leaving is not None:
            self._leaving.cancel()


_client: contextvars.ContextVar[_Client | None] = contextvars.ContextVar("client", default=None)


def with_clients(application: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """The application, whose handlers may ask whether the client of a request has gone away (`client_leaving`)."""

    async def serve(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        client = _Client(receive)
        token = _client.set(client)
        try:
            await application(scope, receive, send)
        finally:
            _client.reset(token)
            client.forget()

    return serve


def client_leaving() -> asyncio.Task[None] | None:
    """What is done once the client of the request at hand has gone away; None outside of a request."""
    client = _client.get()
    return client.leaving() if client else None


def cancel_when_client_leaves(cancellation: Cancellation) -> None:
    """Cancel the work for the request at hand as soon as its client has gone away."""
    leaving = client_leaving()
    if leaving is not None:
        leaving.add_done_callback(lambda left: None if left.cancelled() else cancellation.cancel())


async def collected(streaming: responses.StreamingResponse) -> bytes:
    """The whole body of an answer in pieces, for those who do not pass it on.

    Raises ConnectionError where it breaks off.
    """
    pieces: list[bytes] = []
    complete = False

    async def keep(message: MutableMapping[str, Any]) -> None:
        nonlocal complete
        pieces.append(message.get("body", b""))
        complete = not message.get("more_body", False)

    await streaming.runner(keep, _never)
    if not complete:
        raise ConnectionError("The answer broke off.")
    return b"".join(pieces)


async def _never() -> MutableMapping[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def stream_as_raw(stream: Stream) -> tuple[int, dict[str, Any], Any]:
    """The emulator's form of such an answer."""

    async def run(send: Send, receive: Receive) -> None:
        await _send_pieces(stream, send, receive)

    return stream.status, dict(stream.headers), responses.StreamingResponse(run)


async def _send_pieces(stream: Stream, send: Send, receive: Receive) -> None:
    pieces: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
    _pump(stream, asyncio.get_running_loop(), pieces)
    shared = client_leaving()
    leaving = shared or asyncio.create_task(_gone(receive))
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
        if shared is None:
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
