"""The gateway's parts as they run in their function: against the emulator's services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lambdas.gateway.exchange import Caller
from lambdas.gateway.table import Table
from lambdas.shared import direct
from tests.twin.helpers import make_gateway_table, unique
from twin.emulator import Emulator


@pytest.fixture
def inside(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that sends the functions' own clients to the emulator."""
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    direct.forget()
    yield
    direct.forget()


@pytest.fixture
def table(emulator: Emulator, inside: None, monkeypatch: pytest.MonkeyPatch) -> Table:
    """A table as the gateway's stack makes it, with nothing in it; the environment names it."""
    name = unique("gateway")
    make_gateway_table(emulator, name)
    monkeypatch.setenv("GATEWAY_TABLE", name)
    return Table(name)


@pytest.fixture
def user() -> Callable[[str], Caller]:
    """Callers by name."""
    return lambda name: Caller(f"user:{name}", "user")
