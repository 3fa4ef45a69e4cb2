"""An answer of a model server while it is being made: its server-sent events, one for each token."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlsplit

from twin.cancellation import on_cancel
from twin.model_server.server import Answer, ModelServerError, shut

_DATA = b"data: "
_DONE = b"[DONE]"


class AnswerStream:
    """The events of one answer, as JSON.

    The server begins to answer when it has the first token, so what is wrong with a request is known at the start:
    `refusal` is then the server's answer, and there are no events.
    """

    def __init__(
        self, url: str, path: str, body: bytes, timeout: float, content_type: str = "application/json"
    ) -> None:
        """Ask. Raises TimeoutError, or ModelServerError when the server is not there.

        Until the first token the whole prompt is read: work that is cancelled by then ends that too.
        """
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
        self.refusal: Answer | None = None
        try:
            self._connection.connect()
            self._socket: socket.socket = self._connection.sock
            with on_cancel(self.cancel):
                self._connection.request("POST", path, body, {"Content-Type": content_type})
                self._answer = self._connection.getresponse()
            if self._answer.status >= 400:
                self.refusal = Answer(self._answer.status, self.content_type, self._answer.read())
                self._close()  # nobody iterates over what has no events
        except TimeoutError:
            self._connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ModelServerError(f"The model server does not answer: {error!r}.") from error

    @property
    def content_type(self) -> str:
        """What the server says that it answers with."""
        return str(self._answer.headers.get("Content-Type", ""))

    def __iter__(self) -> Iterator[Any]:
        """Each event as it comes. Raises TimeoutError and ModelServerError, as while asking."""
        # What else comes are lines between events, and comments that keep the connection open.
        for line in self.lines():
            if line.startswith(_DATA) and (data := line.removeprefix(_DATA).strip()) != _DONE:
                yield json.loads(data)

    def lines(self) -> Iterator[bytes]:
        """The answer itself, line by line. Raises as `__iter__` does."""
        try:
            while line := self._answer.readline():
                yield line
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise ModelServerError(f"The model server broke off its answer: {error!r}.") from error
        finally:
            self._close()

    def cancel(self) -> None:
        """End the answer from any thread: the server stops generating, and whoever iterates comes to an end."""
        shut(self._socket)

    def _close(self) -> None:
        self._answer.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()
