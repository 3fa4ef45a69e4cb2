"""A model that fails most of the time is left alone for a while; one that is at its limit is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models import breaker
from tests.unit.gateway.attempts import GONE, THROTTLED, by_model, outcomes
from tests.unit.gateway.conftest import Configure, Gateway

Clock = Callable[[float], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Gives a way to let seconds pass for the breakers, for whom none pass otherwise."""
    now = [time.monotonic()]
    monkeypatch.setattr(breaker, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_a_model_that_fails_five_times_in_a_row_rests_and_is_tried_once_when_its_rest_is_over(
    gateway: Gateway, upstream: Upstream, configure: Configure, wait: Clock
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=GONE)
    for _ in range(breaker.FAILURES):
        gateway.chat()

    asked = len(upstream.asked)
    rested = outcomes(gateway.chat().body)
    only_second = len(upstream.asked) - asked
    by_model(upstream)
    wait(breaker.REST_SECONDS)
    tried = outcomes(gateway.chat().body)

    assert rested == [("first", "resting"), ("second", "answered")]
    assert only_second == 1
    assert tried == [("first", "answered")]


def test_a_breaker_lets_one_request_try_and_rests_longer_where_it_fails_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(breaker, "monotonic", lambda: now)
    monkeypatch.setattr("lambdas.gateway.models.breaker.random.uniform", lambda low, high: high)
    breakers = breaker.Breakers()
    for _ in range(breaker.FAILURES):
        breakers.failed("m")
    closed = breakers.allows("m")
    now += breaker.REST_SECONDS
    tries = (breakers.allows("m"), breakers.allows("m"))
    breakers.failed("m")
    now += breaker.REST_SECONDS
    still = breakers.allows("m")
    now += breaker.REST_SECONDS
    again = breakers.allows("m")
    breakers.left("m")
    other = breakers.allows("m")
    breakers.answered("m")

    assert (closed, tries, still, again, other, breakers.allows("m")) == (False, (True, False), False, True, True, True)


def test_a_model_that_fails_now_and_then_does_not_rest_even_where_failures_come_together() -> None:
    breakers = breaker.Breakers()
    for _ in range(breaker.LATEST - 1):
        breakers.answered("m")
    for _ in range(breaker.FAILURES):
        breakers.failed("m")

    assert breakers.allows("m")


@pytest.mark.usefixtures("no_pauses", "wait")
def test_a_burst_that_a_model_throttles_does_not_have_it_rest(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=THROTTLED)
    for _ in range(2 * breaker.FAILURES):
        fallen = outcomes(gateway.chat().body)
    by_model(upstream)

    assert fallen == [("first", "throttled")] * 5 + [("second", "answered")]
    assert outcomes(gateway.chat().body) == [("first", "answered")]


@pytest.mark.usefixtures("no_pauses")
def test_a_model_that_throttles_whatever_it_is_sent_rests_until_it_answers(
    gateway: Gateway, upstream: Upstream, configure: Configure, wait: Clock
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=THROTTLED)
    gateway.chat()
    wait(breaker.THROTTLED_SECONDS)
    gateway.chat()

    rested = outcomes(gateway.chat().body)
    by_model(upstream)
    wait(breaker.LONGEST_REST_SECONDS)

    assert rested == [("first", "resting"), ("second", "answered")]
    assert outcomes(gateway.chat().body) == [("first", "answered")]


@pytest.mark.usefixtures("no_pauses")
def test_a_model_that_throttled_everybody_long_ago_does_not_rest_by_the_next_throttle(
    gateway: Gateway, upstream: Upstream, configure: Configure, wait: Clock
) -> None:
    configure(fallback={"first": ["second"]})
    by_model(upstream, first=THROTTLED)
    gateway.chat()
    wait(breaker.THROTTLED_SECONDS)
    gateway.chat()
    wait(breaker.LONGEST_REST_SECONDS + breaker.THROTTLED_SECONDS + 1)

    assert outcomes(gateway.chat().body) == [("first", "throttled")] * 5 + [("second", "answered")]


@pytest.mark.usefixtures("wait")
def test_more_clients_than_a_model_takes_at_once_are_all_asked_of_it(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    """Whoever finds no room in five tries falls back, which is theirs alone: nobody finds the model at rest."""
    configure(fallback={"first": ["second"]})
    free = threading.Semaphore(2)

    def script(path: str) -> Script:
        if "second" in path:
            return Script()
        return Script(pause=0.05) if free.acquire(blocking=False) else THROTTLED

    upstream.script = script
    upstream.on_end = lambda how: free.release() if how == "closing" else None  # one that paused closes
    told: list[list[tuple[str, str]]] = []
    clients = [threading.Thread(target=lambda: told.append(outcomes(gateway.chat().body))) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    assert len(told) == 8
    assert all(outcome != "resting" for answer in told for _, outcome in answer)


class Played:
    """A breaker whose clock a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.breakers = 0.0, breaker.Breakers()
        monkeypatch.setattr(breaker, "monotonic", lambda: self.now)

    def send(self, outcome: str, after: float = 0.0) -> bool:
        """Let seconds pass and send a request, if one may be sent."""
        self.now += after
        if not self.breakers.allows("m"):
            return False
        getattr(self.breakers, outcome)("m")
        return True


@settings(deadline=None)
@given(st.lists(st.integers(0, 30)), st.floats(0.01, breaker.THROTTLED_SECONDS))
def test_a_model_that_answers_now_and_then_never_rests_however_many_it_throttles(
    throttles: list[int], between: float
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        played = Played(monkeypatch)
        for several in throttles:
            for _ in range(several):
                assert played.send("throttled", 0.99 * between / several)
            assert played.send("answered")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["answered", "failed", "throttled"]), st.floats(0, 0.1)), max_size=60))
def test_throttles_of_a_short_while_neither_count_as_failures_nor_make_good_for_them(
    events: list[tuple[str, float]],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("lambdas.gateway.models.breaker.random.uniform", lambda low, high: high)
        whole, without = Played(monkeypatch), Played(monkeypatch)
        clock = [0.0]
        monkeypatch.setattr(breaker, "monotonic", lambda: clock[0])
        for outcome, after in events:
            clock[0] += after
            sent = whole.send(outcome)
            if outcome != "throttled":
                assert sent == without.send(outcome)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["failed", "throttled", "left"]), st.floats(0, 30)), max_size=80))
def test_whatever_became_of_it_a_model_is_tried_again_within_its_longest_rest(events: list[tuple[str, float]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        played = Played(monkeypatch)
        for outcome, after in events:
            played.send(outcome, after)

        assert played.send("answered", breaker.LONGEST_REST_SECONDS)
        assert played.send("answered")


def test_requests_that_were_out_when_a_model_was_given_up_do_not_make_its_rest_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch)
    for _ in range(4 * breaker.FAILURES):
        played.breakers.failed("m")

    assert played.send("answered", breaker.REST_SECONDS)


def test_a_model_that_sleeps_is_shown_as_asleep_and_never_rests(gateway: Gateway, upstream: Upstream) -> None:
    by_model(upstream, first=Script(error="ModelNotReadyException", status=429))
    for _ in range(breaker.FAILURES + 1):
        assert gateway.chat().status == 503

    assert len(upstream.asked) == breaker.FAILURES + 1
    states = {entry["id"]: entry["fourfold"]["state"] for entry in gateway.send("GET", "/v1/models").body["data"]}
    assert states["first"] == "asleep"


def test_a_question_that_is_blocked_does_not_keep_a_rested_model_from_being_tried(
    gateway: Gateway, upstream: Upstream, guardrail: list[str], wait: Clock
) -> None:
    upstream.scripted(GONE)
    for _ in range(breaker.FAILURES):
        gateway.post("/v1/generate", {"prompt": "x"})
    upstream.scripted(Script())
    wait(breaker.REST_SECONDS)

    blocked = gateway.post("/v1/generate", {"prompt": "What do bees do?"})
    reply = gateway.post("/v1/generate", {"prompt": "What do owls do?"})

    assert blocked.body["fourfold"]["guard"] == "blocked"
    assert reply.status == 200
