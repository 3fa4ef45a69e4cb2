"""What callers use is counted exactly, and a cap ends it until midnight of UTC."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from lambdas.gateway.exchange import Caller, Usage
from lambdas.gateway.table import Table
from lambdas.gateway.usage import CapReached, Meter, Price, Spent, nano_usd
from lambdas.shared import environment

Users = Callable[[str], Caller]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_each_caller_has_an_account_of_each_day(table: Table, user: Users) -> None:
    clock = Clock()
    meter = Meter(table, now=clock)
    meter.account(user("a"), Usage(100, 10, 5, 7), 2_000)
    assert meter.account(user("a"), Usage(1, 1), None) == Spent(2, 101, 11, 5, 7, 2_000)
    meter.account(user("b"), Usage(3, 3), 1)
    assert Meter(table, now=clock).today(user("a")) == Spent(2, 101, 11, 5, 7, 2_000)
    clock.now += timedelta(hours=12)
    assert meter.today(user("a")) == Spent()


def test_answers_that_end_at_the_same_moment_are_all_counted(table: Table, user: Users) -> None:
    meters = [Meter(table) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda meter=meter: [meter.account(user("a"), Usage(1, 2), 3) for _ in range(10)])
        for meter in meters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Meter(table).today(user("a")) == Spent(40, 40, 80, 0, 0, 120)


def test_a_cap_ends_requests_until_the_next_day(table: Table, user: Users) -> None:
    clock = Clock()
    meter = Meter(table, caller_usd=0.001, now=clock)
    meter.allow(user("a"))
    meter.account(user("a"), Usage(), 999_999)
    meter.allow(user("a"))
    meter.account(user("a"), Usage(), 1)
    with pytest.raises(CapReached) as reached:
        meter.allow(user("a"))
    assert (reached.value.lifts_at, reached.value.own) == (datetime(2026, 3, 2, tzinfo=UTC), True)
    meter.allow(user("b"))
    clock.now = reached.value.lifts_at
    meter.allow(user("a"))


def test_a_cap_of_all_callers_ends_everybodys_requests(table: Table, user: Users) -> None:
    meter = Meter(table, everybody_usd=0.000_002, now=Clock())
    meter.account(user("a"), Usage(), 1_000)
    meter.allow(user("c"))
    meter.account(user("b"), Usage(), 1_000)
    with pytest.raises(CapReached, match="all callers together"):
        meter.allow(user("c"))


def test_what_another_function_counted_is_known_before_a_caller_begins(table: Table, user: Users) -> None:
    Meter(table, now=Clock()).account(user("a"), Usage(), 10**9)
    with pytest.raises(CapReached):
        Meter(table, caller_usd=1, now=Clock()).allow(user("a"))


def test_a_known_caller_costs_no_read(table: Table, user: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter(table, caller_usd=1, now=Clock())
    meter.account(user("a"), Usage(), 1)
    reads: list[str] = []
    monkeypatch.setattr(table, "get", lambda pk, sk: reads.append(pk))
    meter.allow(user("a"))
    assert reads == []
    meter.allow(user("b"))
    assert reads == ["USAGE#user:b"]


def test_the_settings_name_the_caps_and_the_environment_the_table(table: Table, user: Users) -> None:
    meter = Meter.from_environment({"budget": {"caller_usd_per_day": 1e-9, "usd_per_day": None}})
    assert meter is not None
    assert meter.cap() == 1e-9
    meter.account(user("a"), Usage(), 1)
    with pytest.raises(CapReached):
        meter.allow(user("a"))


def test_without_a_table_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_TABLE", raising=False)
    assert not environment.optional("GATEWAY_TABLE")
    assert Meter.from_environment({"budget": {"caller_usd_per_day": 1}}) is None


def test_a_cost_is_of_all_four_kinds_of_tokens_and_rounded_up() -> None:
    price = Price(Decimal(3), Decimal(15))
    assert nano_usd(Usage(1, 0), price) == 3_000
    assert nano_usd(Usage(0, 1), price) == 15_000
    assert nano_usd(Usage(0, 0, 10, 0), price) == 3_000
    assert nano_usd(Usage(0, 0, 0, 4), price) == 15_000
    assert nano_usd(Usage(1, 0), Price(Decimal("0.000035"), Decimal(0))) == 1
