"""Documents as they are added by a request: how far that has come is told, and what its time is too short for."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Mapping
from typing import Any

import pytest

from lambdas.gateway import call
from lambdas.gateway.call import TOO_LATE, Call
from lambdas.gateway.retrieval import embeddings, pace
from lambdas.gateway.retrieval.documents import Documents
from lambdas.gateway.routes import documents as route
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.leaving import ask, shut
from tests.unit.gateway.parts import USER
from tests.unit.gateway.retrieval.conftest import Account

SECONDS = 300
PASSAGES = 24
LONG = "\n\n".join(f"# Part {number}\n\nOwls of part {number} hunt mice." for number in range(PASSAGES))
BODY = {"name": "owls.md", "media_type": "text/markdown", "text": LONG}


@pytest.fixture(autouse=True)
def held(gateway: Gateway, account: Account, documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's documents, embedded one after another, each passage told of."""
    vars(gateway.application._services).update(documents=documents, meter=None)
    monkeypatch.setattr(embeddings, "CONCURRENCY", 1)
    monkeypatch.setattr(route, "LEAST_SECONDS", 0.0)


def bounded() -> Mapping[str, str]:
    return {**USER, "x-amzn-lambda-context": json.dumps({"deadline": (time.time() + SECONDS) * 1000})}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which a passage takes twenty seconds."""
    ticks = itertools.count(time.monotonic(), 20.0)
    monkeypatch.setattr(pace, "monotonic", lambda: next(ticks))


def test_a_document_that_takes_longer_than_a_request_has_is_refused_as_soon_as_it_shows_and_leaves_nothing(
    gateway: Gateway, account: Account, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = gateway.post("/api/v1/documents", BODY, headers=bounded())

    assert reply.status == 413
    assert reply.body["detail"].startswith(
        f"3 of the document's {PASSAGES} passages were embedded in 60 seconds, and the others cannot be in what is left"
    )
    assert reply.body["detail"].endswith("(gateway.timeout_seconds). Divide the document, or raise it.")
    assert "retry-after" not in reply.headers
    assert account.empty()
    monkeypatch.setattr(pace, "monotonic", time.monotonic)
    assert gateway.post("/api/v1/documents", BODY, headers=bounded()).status == 201


def test_the_wait_for_a_model_that_wakes_is_not_taken_for_its_pace(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.monotonic()
    ticks = itertools.chain((start, start + 200), itertools.count(start + 201))
    monkeypatch.setattr(pace, "monotonic", lambda: next(ticks))

    assert gateway.post("/api/v1/documents", BODY, headers=bounded()).status == 201


def test_a_document_that_the_deadline_ends_is_refused_with_how_far_it_came(gateway: Gateway, account: Account) -> None:
    whole: list[Call | None] = []
    asked = itertools.count(1)

    def begin(_: Any) -> bool:
        whole.append(call.current())
        return False

    def late(_: Any) -> bool:
        if next(asked) < 4:
            return False
        assert whole[0] is not None
        whole[0].stop(TOO_LATE)
        return True

    account.failing.update(PutItem=begin, InvokeModel=late)
    reply = gateway.post("/api/v1/documents", BODY, headers=bounded())

    assert reply.status == 413
    assert reply.body["detail"].startswith(f"3 of the document's {PASSAGES} passages were embedded within the ")
    assert "retry-after" not in reply.headers
    assert account.empty()


@pytest.mark.parametrize(("pause", "told"), [(0.0, range(1, PASSAGES + 1)), (math.inf, (1, PASSAGES))])
def test_a_stream_tells_how_many_passages_are_read_and_ends_with_the_document(
    gateway: Gateway, account: Account, monkeypatch: pytest.MonkeyPatch, pause: float, told: Any
) -> None:
    monkeypatch.setattr(route, "LEAST_SECONDS", pause)
    reply = gateway.post("/api/v1/documents", {**BODY, "stream": True}, headers=bounded())

    *progress, (last, document) = reply.events
    assert progress == [("progress", {"done": done, "total": PASSAGES}) for done in told]
    listed = gateway.send("GET", "/api/v1/documents", headers=USER).body["documents"]
    assert (reply.status, last, [document]) == (200, "done", [{**one, "already": False} for one in listed])


def test_a_stream_ends_with_the_problem_of_a_document_that_cannot_be_read_in_time(
    gateway: Gateway, account: Account, slow: None
) -> None:
    reply = gateway.post("/api/v1/documents", {**BODY, "stream": True}, headers=bounded())

    assert [name for name, _ in reply.events] == ["progress", "progress", "error"]
    assert (reply.events[-1][1]["status"], "retry_after" in reply.events[-1][1]) == (413, False)
    assert account.empty()


def test_what_is_refused_before_anything_is_embedded_is_a_response_of_its_own(gateway: Gateway) -> None:
    body = {"name": "x.pdf", "media_type": "application/pdf", "text": "no PDF", "stream": True}

    reply = gateway.post("/api/v1/documents", body, headers=USER)

    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")


def test_a_client_that_leaves_a_stream_leaves_nothing_of_the_document(gateway: Gateway, account: Account) -> None:
    whole: list[Call | None] = []
    asked = itertools.count(1)

    def begin(_: Any) -> bool:
        whole.append(call.current())
        return False

    def left(_: Any) -> bool:
        if next(asked) < 3:
            return False
        assert whole[0] is not None
        while whole[0].why is None:
            time.sleep(0.002)
        return True

    account.failing.update(PutItem=begin, InvokeModel=left)
    connection = ask(gateway, "/api/v1/documents", {**BODY, "stream": True}, **USER)
    assert connection.getresponse().readline() == b"event: progress\n"
    shut(connection)
    gateway.wait_until_idle()

    assert account.empty()


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_there_already_says_so_under_the_name_that_it_had_first(gateway: Gateway, stream: bool) -> None:
    first = gateway.post("/api/v1/documents", BODY, headers=USER)
    again = gateway.post("/api/v1/documents", {**BODY, "name": "copy.md", "stream": stream}, headers=USER)

    assert (first.status, again.status) == (201, 200)
    told = again.events[0][1] if stream else again.body
    assert told == {**first.body, "name": "owls.md", "already": True}


def test_a_document_has_as_many_characters_as_its_text_however_its_passages_overlap(gateway: Gateway) -> None:
    text = " ".join(f"Owl {number} hunts mice at night." for number in range(200))
    added = gateway.post("/api/v1/documents", {"name": "a", "media_type": "text/plain", "text": text}, headers=USER)

    assert added.body["passages"] > 1
    assert added.body["characters"] == len(text)
