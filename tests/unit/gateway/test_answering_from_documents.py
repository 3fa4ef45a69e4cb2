"""A chat that is to answer from the caller's documents answers from nothing else, and says when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.answering import NO_ANSWER
from lambdas.gateway.retrieval.search import Found
from tests.unit.gateway.conftest import Gateway, Reply
from tests.unit.gateway.parts import USER

OWLS = Found("d", "Owls", 0, "Owls hunt mice at night.", 1.0, 0.9, 1.0)
FAR = Found("d", "Owls", 1, "Owls nest in old trees.", 1.0, 0.1, 0.0)


class Shelf:
    """The caller's documents: what is found whatever is asked, and what was looked up."""

    def __init__(self, *found: Found) -> None:
        self.found, self.looked_up = found, list[str]()

    def search(self, caller: Caller, query: str, top_k: int, spent: Callable[[int], None]) -> tuple[Found, ...]:
        self.looked_up.append(query)
        return self.found


def shelve(gateway: Gateway, *found: Found) -> Shelf:
    shelf = Shelf(*found)
    vars(gateway.application._services)["documents"] = shelf
    return shelf


def asked_of_documents(gateway: Gateway, *contents: str, **more: Any) -> Reply:
    roles = ("user", "assistant")
    messages = [{"role": roles[place % 2], "content": content} for place, content in enumerate(contents)]
    body = {"model": "first", "messages": messages, "fourfold": {"documents": True}, **more}
    return gateway.post("/api/v1/chat/completions", body, headers=USER)


def text_and_metadata(reply: Reply) -> tuple[str, Any]:
    """Give the answer and its extra field, of a whole answer or of a stream."""
    assert reply.status == 200
    if not reply.headers["content-type"].startswith("text/event-stream"):
        return reply.body["choices"][0]["message"]["content"], reply.body["fourfold"]
    chunks = [data for _, data in reply.events if data != "[DONE]"]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    return text, chunks[-1]["fourfold"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("found", [(), (FAR,)], ids=["no documents", "no passage that fits"])
def test_where_nothing_fits_no_model_is_asked_and_the_answer_says_so(
    gateway: Gateway, upstream: Upstream, found: tuple[Found, ...], stream: bool
) -> None:
    shelve(gateway, *found)

    text, told = text_and_metadata(asked_of_documents(gateway, "Who won in 1954?", stream=stream))

    assert text == NO_ANSWER
    assert (told["answered"], told["citations"], told["sources"], told["attempts"]) == (False, [], [], [])
    assert upstream.asked == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("words", "answered", "citations"),
    [
        (("Mice ", "[1]."), True, [1]),
        (("42. ", "[1]"), True, [1]),
        (("Mice.",), False, []),
        ((NO_ANSWER, " [1]"), False, []),
        (("1. [1] ", "2. [1]\n3) [1]."), False, []),
        (("[1", "]"), False, []),
    ],
    ids=["cites a passage", "cites for a figure", "cites none", "denies", "only lists citations", "only cites"],
)
def test_whether_the_passages_answer_is_told_by_what_the_answer_cites(
    gateway: Gateway, upstream: Upstream, words: tuple[str, ...], answered: bool, citations: list[int], stream: bool
) -> None:
    shelve(gateway, OWLS)
    upstream.scripted(Script(words=words))

    text, told = text_and_metadata(asked_of_documents(gateway, "What do owls hunt?", stream=stream))

    assert text == "".join(words)
    assert (told["answered"], told["citations"], len(told["sources"])) == (answered, citations, 1)


def test_the_last_question_alone_is_looked_up_and_what_was_said_before_goes_to_the_model(
    gateway: Gateway, upstream: Upstream
) -> None:
    shelf = shelve(gateway, OWLS)

    asked_of_documents(gateway, "What do owls hunt?", "Mice [1].", "And when do owls hunt?")

    assert shelf.looked_up == ["And when do owls hunt?"]
    sent = [message["content"][0]["text"] for message in upstream.asked[0].body["messages"]]
    assert sent[:2] == ["What do owls hunt?", "Mice [1]."]
    assert "Owls hunt mice at night." in sent[2]


def test_a_chat_from_nothing_but_the_model_says_nothing_of_documents(gateway: Gateway) -> None:
    assert {"answered", "citations"}.isdisjoint(gateway.chat().body["fourfold"])
