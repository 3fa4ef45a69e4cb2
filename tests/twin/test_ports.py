"""Ports that programs are told to listen on."""

from __future__ import annotations

from collections import deque

import pytest

from twin.processes import ports


def test_two_programs_that_start_together_are_not_given_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    class Probe:
        numbers = iter((4001, 4001, 4002))

        def __enter__(self) -> Probe:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is held: the program that was given the port has not begun to listen."""

        def bind(self, _address: object) -> None:
            """The system finds one that is free."""

        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", next(self.numbers)

    monkeypatch.setattr(ports, "_given", deque[int](maxlen=8))
    monkeypatch.setattr("twin.processes.ports.socket.socket", Probe)

    assert [ports.free_port(), ports.free_port()] == [4001, 4002]
