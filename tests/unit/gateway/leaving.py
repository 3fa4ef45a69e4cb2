"""A client that asks and may leave before it is answered, and how the model's work then ends."""

from __future__ import annotations

import http.client
import json
import socket
import threading

from benchmarks.gateway.upstream import Upstream
from tests.unit.gateway.conftest import Gateway


def ask(gateway: Gateway, path: str, body: dict[str, object], **headers: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    return connection


def shut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()


class Ends:
    """Collects how the upstream's requests end."""

    def __init__(self, upstream: Upstream) -> None:
        self._ended = threading.Semaphore(0)
        self.how: list[str] = []
        upstream.on_end = self._end

    def _end(self, how: str) -> None:
        self.how.append(how)
        self._ended.release()

    def wait(self) -> str:
        assert self._ended.acquire(timeout=10), "the model is still asked"
        return self.how[-1]
