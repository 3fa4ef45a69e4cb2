"""Frames of event streams are read as botocore reads them, wherever they are cut, and refused where they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer, InvalidHeadersLength, InvalidPayloadLength, ParserError
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gateway.frames import event, exception
from lambdas.gateway.models.events import MOST_HEADERS, MOST_PAYLOAD, frames
from tests.unit.gateway.framing import prelude

WORDS = st.lists(st.text(max_size=20), min_size=1, max_size=6)
Frame = tuple[dict[str, Any], bytes]


def stream(words: list[str]) -> bytes:
    written = [event("contentBlockDelta", {"delta": {"text": word}}) for word in words]
    return b"".join([*written, exception("throttlingException", words[0])])


def cut(content: bytes, places: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    for start, end in pairwise(edges):
        yield content[start:end]


def read(chunks: Iterator[bytes]) -> list[Frame]:
    return [(dict(headers), payload) for headers, payload in frames(chunks)]


def read_by_botocore(content: bytes) -> list[Frame]:
    buffer = EventStreamBuffer()
    buffer.add_data(content)
    return [(message.headers, message.payload) for message in buffer]


@given(WORDS, st.lists(st.integers(0, 10_000), max_size=8))
def test_they_are_read_as_botocore_reads_them_wherever_they_are_cut(words: list[str], places: list[int]) -> None:
    content = stream(words)
    assert read(cut(content, places)) == read_by_botocore(content)


@given(WORDS, st.integers(0, 10_000), st.integers(1, 255))
def test_a_byte_that_is_another_gives_no_frame_that_was_not_sent(words: list[str], place: int, change: int) -> None:
    sent = read_by_botocore(stream(words))
    content = bytearray(stream(words))
    content[place % len(content)] ^= change
    found: list[Frame] = []
    with pytest.raises(ParserError):
        found.extend((dict(headers), payload) for headers, payload in frames(iter([bytes(content)])))
    assert found == sent[: len(found)]


def test_a_frame_is_given_before_the_next_one_has_come() -> None:
    def chunks() -> Iterator[bytes]:
        yield event("contentBlockDelta", {"delta": {"text": "a"}})
        raise AssertionError("The second chunk is asked for before the first frame is given.")

    headers, _ = next(frames(chunks()))
    assert headers[":event-type"] == "contentBlockDelta"


@pytest.mark.parametrize(
    ("length", "of_headers", "error"),
    [
        (16 + MOST_HEADERS + 1, MOST_HEADERS + 1, InvalidHeadersLength),
        (16 + MOST_PAYLOAD + 1, 0, InvalidPayloadLength),
        (16, 1, InvalidPayloadLength),
        (0, 0, InvalidPayloadLength),
    ],
)
def test_a_frame_that_cannot_be_is_not_waited_for(length: int, of_headers: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        next(frames(iter([prelude(length, of_headers)])))
