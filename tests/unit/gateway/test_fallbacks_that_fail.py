"""What a fallback cannot do is its own affair: the caller learns what kept the model that was asked."""

from __future__ import annotations

import json

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from tests.unit.gateway.attempts import GONE, THROTTLED, by_model, outcomes
from tests.unit.gateway.conftest import Aws, Configure, Gateway, forget, model

TOO_LONG = Script(error="ValidationException", status=400, message="Input is too long for requested model.")
REFUSES = Script(error="ValidationException", status=400)


@pytest.fixture
def three(gateway: Gateway, configure: Configure) -> None:
    """Two models to fall back on."""
    names = ("first", "second", "third")
    configure(models=[model(name) for name in names], fallback={"first": ["second", "third"]})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("script", [TOO_LONG, REFUSES])
def test_a_fallback_that_refuses_the_request_is_followed_by_the_next(
    gateway: Gateway, three: None, upstream: Upstream, script: Script, stream: bool
) -> None:
    by_model(upstream, first=GONE, second=script)

    reply = gateway.chat(stream=stream)

    final = reply.events[-2][1] if stream else reply.body
    assert outcomes(final) == [("first", "unavailable"), ("second", "refused"), ("third", "answered")]


@pytest.mark.usefixtures("no_pauses")
def test_a_failure_that_passes_is_told_and_not_that_a_fallback_takes_less(
    gateway: Gateway, three: None, upstream: Upstream
) -> None:
    by_model(upstream, first=THROTTLED, second=TOO_LONG, third=REFUSES)

    reply = gateway.chat()

    assert (reply.status, reply.body["detail"]) == (429, "The model is busy.")
    assert reply.headers["retry-after"]


@pytest.mark.usefixtures("no_pauses")
def test_a_text_is_read_in_parts_where_it_is_too_long_for_the_model_that_was_asked_and_for_no_other(
    gateway: Gateway, three: None, upstream: Upstream
) -> None:
    by_model(upstream, first=THROTTLED, second=TOO_LONG, third=TOO_LONG)

    reply = gateway.post("/v1/summarize", {"model": "first", "text": "An owl hunts. " * 100})

    assert reply.status == 429
    assert len(upstream.asked) == 7


def test_a_model_that_no_longer_throttles_and_refuses_is_asked_no_more_and_no_other_is(
    gateway: Gateway, three: None, upstream: Upstream
) -> None:
    upstream.scripted(THROTTLED, REFUSES, Script())

    assert gateway.chat().status == 400
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_an_approved_target_that_picks_sentences_is_left_out_of_a_chain(
    gateway: Gateway, configure: Configure, store: Aws, upstream: Upstream, stream: bool
) -> None:
    store.parameters["/target"] = json.dumps({"kind": "extractive", "run_id": "run-1"})
    forget()
    configure(fallback={"first": ["approved", "second"]})
    by_model(upstream, first=GONE)

    reply = gateway.chat(stream=stream)

    final = reply.events[-2][1] if stream else reply.body
    assert outcomes(final) == [("first", "unavailable"), ("approved", "unsuitable"), ("second", "answered")]


@pytest.mark.usefixtures("no_pauses")
def test_where_only_sentences_could_be_picked_the_caller_learns_what_kept_the_model(
    gateway: Gateway, configure: Configure, store: Aws, upstream: Upstream
) -> None:
    store.parameters["/target"] = json.dumps({"kind": "extractive", "run_id": "run-1"})
    forget()
    configure(fallback={"first": ["approved"]})
    by_model(upstream, first=THROTTLED)

    assert gateway.chat().status == 429
