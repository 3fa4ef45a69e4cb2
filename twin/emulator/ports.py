"""The port that an emulator listens on: the one that was asked for, the one that it had before, or one that is free."""

from __future__ import annotations

import contextlib
import errno
import socket
from pathlib import Path

from twin.emulator.access import HOST

_FILE = "port"


class PortRefused(Exception):
    """The port that was asked for cannot be had; the text says why, and what to do."""


def chosen(work_dir: Path, asked: int | None = None) -> int:
    """Return the port to listen on. Raises PortRefused where it was asked for and cannot be had."""
    if asked is not None:
        try:
            return _tried(asked)
        except OSError as error:
            raise PortRefused(_why_not(asked, error)) from error
    for port in (former(work_dir), 0):
        with contextlib.suppress(
            OSError
        ):  # somebody else has it by now: the addresses of before are not worth an error
            return _tried(port)
    raise PortRefused(f"No port of {HOST} is free. End programs that listen on it, and try again.")


def remember(work_dir: Path, port: int) -> None:
    """Have the next emulator of the directory listen there too: what points to it, such as an open page, stays true."""
    (work_dir / _FILE).write_text(f"{port}\n")


def former(work_dir: Path) -> int:
    """Return the port that the last emulator of the directory listened on; 0 where there was none."""
    file = work_dir / _FILE
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdecimal() and int(text) < 1 << 16 else 0


def _tried(port: int) -> int:
    """Return the port, or one that is free for 0. Raises OSError where it cannot be had."""
    with socket.socket() as probe:
        # As the server itself binds: connections that have ended a moment ago are in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        found: int = probe.getsockname()[1]
        return found


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"The port {port} of {HOST} is taken. End the program that listens there, or give another port."
    return f"The port {port} of {HOST} cannot be had: {error.strerror}. Give another one, above 1023."
