"""Ports for programs that have to be told where to listen."""

from __future__ import annotations

import socket
import threading
from collections import deque

LOOPBACK = "127.0.0.1"
# What was given out lately may not be listened on yet: a program takes its time to start.
_given: deque[int] = deque(maxlen=1024)
_giving = threading.Lock()


def free_port() -> int:
    """A port of this machine's loopback that nobody listens on, and that nobody was given a while ago."""
    with _giving:
        while True:
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                port = int(probe.getsockname()[1])
            if port not in _given:
                _given.append(port)
                return port
