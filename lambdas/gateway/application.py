"""The ASGI application: one request in, one answer out, whatever happens.

The loop reads bodies and writes responses; everything between runs in one thread a request, because boto3 blocks. That
thread also writes events of a stream that come by themselves (`outbox`).
While it runs, a task listens for the client to leave and a timer for the deadline: either stops the call to the model
at once.

There is no framework under it: importing one takes more processor time at a cold start than all the rest together
(`make bench-gateway`).
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from lambdas.gateway import routing, telemetry
from lambdas.gateway.call import CLIENT_GONE, TOO_LATE, Stopped
from lambdas.gateway.outbox import CONNECTION, Outbox
from lambdas.gateway.problems import Problem, retry_later, too_slow
from lambdas.gateway.reply import EVENTS, PROBLEM, Reply, Stream
from lambdas.gateway.request import Request, read_request
from lambdas.gateway.services import Services
from lambdas.gateway.silence import Silence
from lambdas.shared import aws, environment, log

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

APOLOGY = "Something went wrong here. Quote the instance when you report it."
# Requests that are worked on at once; in Lambda that is one, in the twin as many as there are clients.
CONCURRENCY = 256
# A body that is too long is read to its end, so that the client comes to read why, but not for ever.
MOST_DRAINED_BYTES = 16 * 1024 * 1024
CLIENT_CLOSED_REQUEST = 499
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Application:
    """The gateway as an ASGI callable."""

    def __init__(self, services: Services | None = None) -> None:
        self._services = services or Services()
        self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="request")
        self._working = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI defines it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self._threads.shutdown(wait=False, cancel_futures=True)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        request = read_request(scope)
        log.bind_here(request_id=request.request_id, correlation_id=request.correlation_id)
        response = _Response(request, send, _connection(scope))
        try:
            route = routing.find(request)
            if not await _read_body(request, receive, route.most_bytes(self._services)):
                return
            if self._working >= CONCURRENCY:
                raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests are being answered.", 1)
        except Problem as problem:
            self._account(request, int(problem.status))
            await response.whole(_as_reply(problem, request))
            return
        except Exception as failure:
            fault = self._fault(failure)
            self._account(request, int(fault.status))
            await response.whole(_as_reply(fault, request))
            return
        self._working += 1
        try:
            await self._work(route, request, response, receive)
        finally:
            self._working -= 1

    async def _work(self, route: routing.Route, request: Request, response: _Response, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        outbox = Outbox(loop)
        self._threads.submit(self._in_thread, route, request, outbox)
        call = request.call
        listening = loop.create_task(_listen(receive, call))
        timer = loop.call_later(max(0.0, call.seconds_left), call.stop, TOO_LATE)
        silence = Silence(outbox, loop)
        try:
            more = True
            while more:
                piece, more = await outbox.take()
                if call.why == CLIENT_GONE:
                    continue
                await response.part(outbox, piece, more)
                silence.broken()
        finally:
            # Also where the server itself is being stopped: the thread must not go on for nobody.
            call.stop(CLIENT_GONE)
            timer.cancel()
            silence.end()
            listening.cancel()

    def _in_thread(self, route: routing.Route, request: Request, outbox: Outbox) -> None:
        """Do the work, whatever comes of it, and close the outbox."""
        status = CLIENT_CLOSED_REQUEST
        log.bind_here(request_id=request.request_id, correlation_id=request.correlation_id)
        try:
            with request.call.here():
                status = self._into(outbox, route, request)
        except Stopped:
            log.info("The client went away")
        finally:
            self._account(request, status)
            with suppress(RuntimeError):  # the loop was closed meanwhile
                outbox.close()

    def _into(self, outbox: Outbox, route: routing.Route, request: Request) -> int:
        """Fill the outbox and give the response's status; of a stream that broke off, the one that the log has."""
        stream: Stream | None = None
        try:
            reply = route.answer(request, self._services)
            if isinstance(reply, Reply):
                return self._whole(outbox, reply, request)
            stream = reply
            outbox.stream({**_headers(request), "Content-Type": EVENTS, "X-Accel-Buffering": "no"})
            for piece in stream.events:
                outbox.put(piece)
            return int(HTTPStatus.OK)
        except Problem as failure:
            problem = failure
        except Stopped as stopped:
            if stopped.why == CLIENT_GONE:
                raise
            problem = too_slow()
        except Exception as failure:
            problem = self._fault(failure)
        return self._failed(outbox, problem, stream, request)

    def _whole(self, outbox: Outbox, reply: Reply, request: Request) -> int:
        content = reply.content()
        outbox.start(reply.status, _whole_headers(reply, request, content))
        outbox.put(content)
        return int(reply.status)

    def _failed(self, outbox: Outbox, problem: Problem, stream: Stream | None, request: Request) -> int:
        """Say what went wrong: as a response of its own, or, once the stream has begun, as its last event."""
        reply = _as_reply(problem, request)
        content = reply.content()
        if outbox.start(reply.status, _whole_headers(reply, request, content)):
            outbox.put(content)
        elif stream is not None:
            outbox.put(stream.failed(problem))
        return int(problem.status)

    def _fault(self, failure: Exception) -> Problem:
        """Give the problem of what nobody expected: the log learns everything, the caller only that it happened.

        A service of AWS that is busy is none of that.
        """
        if isinstance(failure, aws.CALL_ERRORS) and aws.passes_by_itself(failure):
            log.warning("A service did not answer", error=type(failure).__name__, reason=str(failure))
            return retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "A service behind this one is busy.", 5)
        log.error(str(failure), error=type(failure).__name__, traceback="".join(traceback.format_exception(failure)))
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, APOLOGY)

    def _account(self, request: Request, status: int) -> None:
        if request.record.route != "healthz":
            service = environment.optional("SERVICE_NAME") or "unknown"
            telemetry.account(service, request.record, status, request.milliseconds)


class _Response:
    """Writes one response to the client."""

    def __init__(self, request: Request, send: Send, connection: asyncio.Transport | None) -> None:
        self._request, self._send, self._connection = request, send, connection
        self._started = False

    async def whole(self, reply: Reply) -> None:
        """Send a response that is there as a whole."""
        content = reply.content()
        await self._start(reply.status, _whole_headers(reply, self._request, content))
        await self._send({"type": "http.response.body", "body": content})

    async def part(self, outbox: Outbox, piece: bytes, more: bool) -> None:
        """Send what has gathered; the first part begins the response."""
        if outbox.status is None:
            return
        if not self._started:
            await self._start(outbox.status, outbox.headers)
        if piece or not more:
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})
        if self._connection is not None:
            outbox.open(self._connection)

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self._started = True
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": int(status), "headers": raw})


def _headers(request: Request) -> dict[str, str]:
    return {**HEADERS, "X-Request-Id": request.request_id, "X-Correlation-Id": request.correlation_id}


def _whole_headers(reply: Reply, request: Request, content: bytes) -> dict[str, str]:
    headers = {**_headers(request), **reply.headers}
    if reply.body is not None:
        headers |= {"Content-Type": reply.content_type, "Content-Length": str(len(content))}
    return headers


def _as_reply(problem: Problem, request: Request) -> Reply:
    document = routing.problem_document(problem, request)
    return Reply(document, problem.status, PROBLEM, problem.headers)


def _connection(scope: Mapping[str, Any]) -> asyncio.Transport | None:
    """Give the connection, where the server tells it and a response without a length goes out in chunks."""
    return scope.get("state", {}).get(CONNECTION) if scope["http_version"] == "1.1" else None


async def _read_body(request: Request, receive: Receive, most: int) -> bool:
    """Read the body; False where the client left before its end.

    Raises:
        Problem: 413, when it is longer than `most` bytes.
    """
    pieces: list[bytes] = []
    length = 0
    more = True
    while more and length <= MOST_DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        piece = message.get("body", b"")
        length += len(piece)
        if length <= most:
            pieces.append(piece)
        more = message.get("more_body", False)
    if length > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is longer than the {most:,} bytes allowed.")
    request.body = b"".join(pieces)
    return True


async def _listen(receive: Receive, call: Any) -> None:
    """Stop the call when the client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    call.stop(CLIENT_GONE)
