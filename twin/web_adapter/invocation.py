"""One request to a function with the Lambda Web Adapter, from the event to the last byte of the answer."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from twin.emulator.hooks import FunctionFailedError, WebFunction
from twin.processes.ports import LOOPBACK
from twin.web_adapter.environment import Environment
from twin.web_adapter.forwarded import (
    EventNotForwardedError,
    HttpRequest,
    Json,
    Pairs,
    end_to_end,
    http_request,
    proxy_response,
)
from twin.web_adapter.pool import Pool
from twin.web_adapter.settings import AdapterSettingsError, adapter_settings, is_streaming

_PIECE = 1 << 16


class Invocation:
    """`open` it, read its `pieces`, then `close` it, which is due whatever happens.

    `cancel` may be called from another thread at any time: the application then sees that its client is gone, as it
    does when the connection to it closes.
    """

    def __init__(self, pool: Pool, function: WebFunction, event: Any, request_id: str) -> None:
        self._pool, self._function, self._event, self._request_id = pool, function, event, request_id
        self._deadline = 0.0
        self._environment: Environment | None = None
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._left: int | None = None
        self._lock = threading.Lock()
        self._cancelled = False
        self._broken = False

    def open(self) -> tuple[int, Pairs]:
        """Send the request and wait for the answer's status and headers.

        Raises:
            FunctionFailedError: there is none; it says why in Lambda's words.
        """
        try:
            settings = adapter_settings(self._function.variables)
            self._environment = self._pool.enter(self._function, settings, self._request_id)
            self._deadline = time.monotonic() + self._function.timeout
            response = self._sent(http_request(self._event, self._context()))
        except (AdapterSettingsError, EventNotForwardedError) as error:
            raise FunctionFailedError("Runtime.Unsupported", str(error)) from error
        except TimeoutError as error:
            raise self._timed_out() from error
        except (OSError, http.client.HTTPException) as error:
            raise self._ended(error) from error
        return response.status, end_to_end(response.getheaders())

    @property
    def streams(self) -> bool:
        """Whether the function answers in the form of Lambda's response streaming."""
        return is_streaming(self._function.variables)

    def pieces(self) -> Iterator[bytes]:
        """The answer's body as it comes.

        Raises:
            FunctionFailedError: it broke off, or took longer than the function may.
        """
        response = self._response
        if response is None:
            raise RuntimeError("An invocation has no pieces before it is opened.")
        try:
            while piece := self._next_piece(response):
                yield piece
        except TimeoutError as error:
            raise self._timed_out() from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._ended(error) from error
        if self._left:
            raise self._ended(None)

    def cancel(self) -> None:
        """Close the connection to the application."""
        with self._lock:
            self._cancelled = True
            if self._socket is not None:
                _shut(self._socket)

    def close(self) -> str:
        """Give the environment back; answers with what it has printed meanwhile."""
        with self._lock:
            if self._socket is not None:
                _shut(self._socket)
                self._socket.close()
                self._socket = None
        if self._response is not None:
            self._response.close()
        environment, self._environment = self._environment, None
        if environment is None:
            return ""
        self._pool.leave(environment, self._broken)
        return environment.printed()

    def whole(self) -> Json:
        """The whole answer, as API Gateway's proxy integration takes it.

        Raises:
            FunctionFailedError: as of `open` and `pieces`.
        """
        status, headers = self.open()
        return proxy_response(status, headers, b"".join(self.pieces()))

    # ---- inside -----------------------------------------------------------------------------------------

    def _sent(self, request: HttpRequest) -> http.client.HTTPResponse:
        environment = self._environment
        assert environment is not None
        connection = http.client.HTTPConnection(LOOPBACK, environment.port, timeout=self._remaining())
        connection.connect()
        with self._lock:
            self._socket = connection.sock
            if self._cancelled:
                _shut(connection.sock)
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(request.body)))
        if not any(name.lower() == "host" for name, _ in request.headers):
            connection.putheader("host", f"{LOOPBACK}:{environment.port}")
        connection.endheaders(request.body or None)
        self._response = connection.getresponse()
        self._left = self._response.length  # None where the answer comes in chunks
        return self._response

    def _next_piece(self, response: http.client.HTTPResponse) -> bytes:
        # A thread that waits here is woken by `cancel`: the socket then ends.
        if self._socket is not None:
            self._socket.settimeout(self._remaining())
        if self._left is None:
            return response.read1(_PIECE)
        piece = response.read1(min(_PIECE, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece

    def _remaining(self) -> float:
        return max(self._deadline - time.monotonic(), 0.001)

    def _context(self) -> Json:
        function = self._function
        return {
            "request_id": self._request_id,
            "deadline": int((time.time() + self._remaining()) * 1000),
            "invoked_function_arn": function.arn,
            "xray_trace_id": None,
            "client_context": None,
            "identity": None,
            "env_config": {
                "function_name": function.name,
                "memory": function.memory_mb,
                "version": function.version,
                "log_stream": "",
                "log_group": function.log_group,
            },
        }

    def _timed_out(self) -> FunctionFailedError:
        self._broken = True
        seconds = self._function.timeout
        return FunctionFailedError(
            "Sandbox.Timedout", f"RequestId: {self._request_id} Error: Task timed out after {seconds:.2f} seconds"
        )

    def _ended(self, error: Exception | None) -> FunctionFailedError:
        if self._cancelled:
            return FunctionFailedError("Runtime.Cancelled", "The client has gone away.")
        self._broken = self._environment is not None and self._environment.has_ended()
        broke_off = f"The application's answer broke off: {error or 'it is shorter than it said'}"
        why = "Runtime exited without providing a reason" if self._broken else broke_off
        return FunctionFailedError("Runtime.ExitError", f"RequestId: {self._request_id} Error: {why}")


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was faster
