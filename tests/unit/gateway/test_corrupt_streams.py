"""A stream whose frames are not whole is a failure of the model's, and keeps nobody from asking it again."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import pytest

from benchmarks.gateway.frames import event
from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models import breaker
from tests.unit.gateway.attempts import GONE, outcomes
from tests.unit.gateway.conftest import Configure, Gateway

WORD = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Owls "}})
CORRUPT = WORD[:-1] + bytes([WORD[-1] ^ 1])
# Of a shape that no release of the service has: nothing here reads it, and no list of errors has its own.
UNKNOWN = event("contentBlockDelta", {"contentBlockIndex": 0})


@pytest.fixture
def streams(upstream: Upstream, gateway: Gateway) -> Callable[..., None]:
    """Has the first model's streams consist of these bytes."""
    other = upstream.other

    def send(*frames: bytes) -> None:
        upstream.other = lambda path, headers, body: (
            (200, b"".join(frames)) if path.endswith("first-v1:0/converse-stream") else other(path, headers, body)
        )

    return send


def test_a_stream_that_begins_corrupt_is_asked_for_again_and_then_of_the_next_model(
    gateway: Gateway, configure: Configure, streams: Callable[..., None]
) -> None:
    configure(fallback={"first": ["second"]})
    streams(CORRUPT)

    reply = gateway.chat(stream=True)

    assert outcomes(reply.events[-2][1]) == [("first", "failed")] * 3 + [("second", "answered")]


def test_a_stream_that_becomes_corrupt_breaks_off(gateway: Gateway, streams: Callable[..., None]) -> None:
    streams(WORD, CORRUPT)

    events = gateway.chat(stream=True).events

    assert events[-1][1]["error"]["message"] == "The model's answer broke off."


@pytest.mark.parametrize("second", [CORRUPT, UNKNOWN])
def test_whatever_a_stream_ends_by_its_model_is_tried_again_after_its_rest(
    gateway: Gateway,
    upstream: Upstream,
    streams: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    second: bytes,
) -> None:
    now = monotonic()
    monkeypatch.setattr(breaker, "monotonic", lambda: now)
    upstream.scripted(GONE)
    for _ in range(breaker.FAILURES):
        gateway.chat()
    upstream.scripted(Script())
    now += breaker.LONGEST_REST_SECONDS
    streams(WORD, second)
    tried = gateway.chat(stream=True).events
    now += breaker.LONGEST_REST_SECONDS

    assert "error" in tried[-1][1]
    assert gateway.chat().status == 200
