"""Long inputs are summarised in parts, with progress; texts get labels and vectors; nothing is cut off in silence."""

from __future__ import annotations

import base64
import struct

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.parts import split
from tests.unit.gateway.attempts import outcomes
from tests.unit.gateway.conftest import Aws, Configure, Gateway, model, settings
from tests.unit.gateway.parts import used

SENTENCE = "Owls hunt at night and sleep by day. "
LONG = SENTENCE * 50


def small(configure: Configure) -> None:
    """Let the first model take about 700 characters beside its answer."""
    configure(models=[model("first", context_tokens=64 + 64 + 250)])


def texts_asked(upstream: Upstream) -> list[str]:
    return [asked.body["messages"][-1]["content"][0]["text"].partition("\n\n")[2] for asked in upstream.asked]


def test_a_text_that_is_too_long_is_summarised_in_parts_and_the_parts_once_more(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    small(configure)

    reply = gateway.post("/v1/summarize", {"model": "first", "text": LONG, "stream": True})

    *progress, first, second, third, fourth, fifth, done = reply.events
    assert progress == [("progress", {"part": part, "parts": 3}) for part in (1, 2, 3)]
    assert {name for name, _ in (first, second, third, fourth, fifth)} == {"delta"}
    assert done[1]["output"] == "The owl hunts at night."
    assert done[1]["usage"] == used(4 * 7, 4 * 5)
    assert len(done[1]["fourfold"]["attempts"]) == 4
    *parts, whole = texts_asked(upstream)
    assert "".join(parts) == LONG
    assert whole == "\n\n".join(["The owl hunts at night."] * 3)
    assert [asked.path.rpartition("/")[2] for asked in upstream.asked] == ["converse"] * 3 + ["converse-stream"]


def test_without_a_stream_the_parts_are_summarised_too(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    small(configure)

    reply = gateway.post("/v1/summarize", {"model": "first", "text": LONG})

    assert (reply.status, reply.body["output"], len(upstream.asked)) == (200, "The owl hunts at night.", 4)


def test_a_model_that_says_that_a_text_is_too_long_gets_shorter_parts(gateway: Gateway, upstream: Upstream) -> None:
    too_long = Script(error="ValidationException", status=400, message="Input is too long for requested model.")

    def script(path: str) -> Script:
        return too_long if len(texts_asked(upstream)[-1]) > 1000 else Script()

    upstream.script = script
    reply = gateway.post("/v1/summarize", {"model": "first", "text": LONG})

    assert reply.status == 200
    assert max(len(text) for text in texts_asked(upstream)[1:]) <= 1000
    # How the bound was found is no attempt that failed.
    assert {outcome for _, outcome in outcomes(reply.body)} == {"answered"}


def test_a_model_that_repeats_what_it_reads_is_not_asked_for_ever(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    small(configure)
    upstream.scripted(Script(words=(SENTENCE * 30,)))

    assert gateway.post("/v1/summarize", {"model": "first", "text": LONG}).status == 413


def test_a_text_that_no_part_of_is_short_enough_is_refused(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(error="ValidationException", status=400, message="Input is too long"))

    assert gateway.post("/v1/summarize", {"model": "first", "text": LONG}).status == 413


@pytest.mark.parametrize(
    "text", [LONG, "x" * 1000, "one two " * 200, "A paragraph of some length.\n\n" * 60, "。".join("夜の梟" * 100), ""]
)
@pytest.mark.parametrize("most", [50, 333, 5000])
def test_parts_are_together_the_text_and_none_is_too_long_or_a_crumb(text: str, most: int) -> None:
    parts = split(text, most)

    assert "".join(parts) == text
    assert all(len(part) <= most for part in parts)
    if len(parts) > 1:
        assert min(len(part) for part in parts[:-1]) > most // 4


def test_a_text_is_classified_by_labels_of_the_request(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(words=("I think: ", "Science Fiction.")))

    reply = gateway.post(
        "/v1/classify", {"model": "first", "text": "Robots.", "labels": ["Romance", "Science  fiction"]}
    )

    assert (reply.body["label"], reply.body["output"]) == ("Science  fiction", "I think: Science Fiction.")
    asked = upstream.asked[0].body
    assert asked["inferenceConfig"] == {"maxTokens": 64, "temperature": 0.0}
    assert "Romance, Science  fiction" in asked["messages"][0]["content"][0]["text"]


def test_labels_without_a_word_are_refused_before_a_model_is_asked(gateway: Gateway, upstream: Upstream) -> None:
    reply = gateway.post("/v1/classify", {"text": "A match.", "labels": ["news", "?!", "<30"]})

    assert reply.status == 400
    assert [error["pointer"] for error in reply.body["errors"]] == ["#/labels/1"]
    assert "nothing but punctuation" in reply.body["detail"]
    assert not upstream.asked


def test_embeddings_are_of_the_whole_text_or_refused(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(embedding=(3.0, 4.0)))

    one = gateway.post("/v1/embeddings", {"input": " owls ", "encoding_format": "base64", "dimensions": 2})
    encoded = struct.unpack("<2f", base64.b64decode(one.body["data"][0]["embedding"]))
    long = gateway.post("/v1/embeddings", {"input": "x" * 2001})
    other = gateway.post("/v1/embeddings", {"input": "x", "dimensions": 3})
    unknown = gateway.post("/v1/embeddings", {"input": "x", "model": "other"})
    tokens = gateway.post("/v1/embeddings", {"input": [1, 2]})
    upstream.scripted(Script(error="ValidationException", status=400, message="Too many input tokens: is too long"))
    refused = gateway.post("/v1/embeddings", {"input": "x" * 2000})

    assert [round(number, 3) for number in encoded] == [0.6, 0.8]
    assert one.body["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [reply.status for reply in (long, other, unknown, tokens, refused)] == [413, 400, 404, 400, 413]
    # The text as it is, and once: its beginning would have another vector than it.
    assert [asked.body for asked in upstream.asked] == [{"inputText": " owls "}, {"inputText": "x" * 2000}]


@pytest.mark.parametrize(
    ("said", "reads", "wrong"),
    [
        (
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9875 ",
            8192,
            "has 9,875 tokens, and titan reads 8,192",
        ),
        (
            "Input is too long for requested model.",
            512,
            "has 1,980 characters, which are more tokens than the 512 that titan reads",
        ),
        (
            "Input is too long for requested model.",
            None,
            "has 1,980 characters, which are more tokens than titan reads",
        ),
    ],
)
@pytest.mark.parametrize("alone", [False, True])
def test_a_text_that_the_embedding_model_does_not_read_is_pointed_at_with_its_length(
    gateway: Gateway, upstream: Upstream, configure: Configure, said: str, reads: int | None, wrong: str, alone: bool
) -> None:
    configure(embedding={**settings()["embedding"], "context_tokens": reads})  # type: ignore[dict-item]
    long = "x9 " * 660
    too_long = Script(error="ValidationException", status=400, message=said)
    upstream.scripted(*([too_long] if alone else [Script(), too_long]))

    reply = gateway.post("/v1/embeddings", {"input": long if alone else ["aaaaa", long]})

    name = "input" if alone else "input/1"
    assert (reply.status, reply.body["detail"]) == (413, f"'{name}' {wrong}.")
    assert reply.body["errors"] == [{"pointer": f"#/{name}", "detail": f"'{name}' {wrong}"}]
    assert reply.body["error"]["param"] == name.replace("/", ".")


def test_without_an_embedding_model_there_are_no_embeddings(gateway: Gateway, configure: Configure) -> None:
    configure(embedding=None)

    assert gateway.post("/v1/embeddings", {"input": "x"}).status == 501


def test_prompt_caching_is_marked_where_the_model_knows_it_and_counted_at_its_own_price(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    configure(models=[model("first", prompt_caching=True), model("second")])
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    for name in ("first", "second"):
        gateway.post("/v1/chat/completions", {"model": name, "messages": turns})

    marked, plain = (asked.body for asked in upstream.asked)
    marker = {"cachePoint": {"type": "default"}}
    assert marked["system"] == [{"text": "Be brief."}, marker]
    assert [marker in message["content"] for message in marked["messages"]] == [False, True, False]
    assert "cachePoint" not in str(plain)


def test_a_denied_parameter_does_not_stop_the_other_models(gateway: Gateway, store: Aws) -> None:
    store.denied = True

    assert gateway.chat().status == 200
