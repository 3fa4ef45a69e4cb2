"""A stream that is assessed on its way out: what is forbidden is never seen, whatever the pieces it comes in."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.gateway.guard import Blocked, Release
from lambdas.gateway.guard.releasing import OVERLAP_CHARACTERS, PIECE_CHARACTERS

NUMBER = re.compile(r"\d{3}-\d{4}")
FILLER = st.text("ab .", min_size=0, max_size=700)


def assess(text: str) -> Blocked | str:
    """Block a word, and mask telephone numbers."""
    return Blocked("OUTPUT", "word") if "forbidden" in text else NUMBER.sub("{PHONE}", text)


def sent(text: str, cuts: list[int]) -> tuple[str, bool]:
    """What comes out for a text that comes in these pieces, and whether it was blocked in the end."""
    release, out = Release(assess, live=True), ""
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    for start, end in pairwise(places):
        piece = release.feed(text[start:end])
        if isinstance(piece, Blocked):
            return out, True
        out += piece
    last = release.end()
    return (out, True) if isinstance(last, Blocked) else (out + last, False)


@settings(max_examples=300)
@given(st.lists(FILLER, min_size=1, max_size=6), st.lists(st.integers(0, 5000), max_size=30))
def test_all_of_an_answer_comes_out_with_every_number_masked(parts: list[str], cuts: list[int]) -> None:
    text = "555-1234".join(parts)
    assert sent(text, cuts) == (NUMBER.sub("{PHONE}", text), False)


@settings(max_examples=300)
@given(FILLER, FILLER, FILLER, st.lists(st.integers(0, 3000), max_size=30))
def test_no_letter_of_a_forbidden_word_comes_out(one: str, two: str, three: str, cuts: list[int]) -> None:
    out, blocked = sent(f"{one}{two}forbidden{three}", cuts)
    assert blocked
    assert (one + two).startswith(out)


def test_a_long_answer_is_sent_before_it_ends() -> None:
    release = Release(assess, live=True)
    text = "word " * 400
    first = release.feed(text[: PIECE_CHARACTERS + OVERLAP_CHARACTERS])
    assert first == text[:PIECE_CHARACTERS]


def test_each_character_is_assessed_about_once_and_not_again_with_every_token() -> None:
    assessed: list[int] = []

    def counting(text: str) -> str:
        assessed.append(len(text))
        return text

    release = Release(counting, live=True)
    for _ in range(8_000):
        release.feed("a")
    release.end()
    assert sum(assessed) < 8_000 * 1.4


def test_an_answer_that_comes_whole_is_assessed_once_and_whole() -> None:
    assessed: list[str] = []

    def noting(text: str) -> str:
        assessed.append(text)
        return text

    release = Release(noting, live=False)
    text = "word " * 400

    assert release.feed(text) == ""
    assert release.end() == text
    assert assessed == [text]


@given(st.integers(1, 999), st.booleans())
def test_the_end_of_a_stream_is_judged_beside_what_was_sent_before_it(rest: int, masked: bool) -> None:
    """By a judge that takes no fragment for an answer, as one of relevance may not."""
    long_enough = 700

    def judge(text: str) -> Blocked | str:
        return assess(text) if len(text) > long_enough else Blocked("OUTPUT", "relevance")

    release = Release(judge, live=True)
    begun = "word " * 150 + ("555-1234 " if masked else "") + "word " * 50
    out = ""
    for letter in begun + "x" * rest:
        piece = release.feed(letter)
        assert isinstance(piece, str)
        out += piece
    last = release.end()

    assert isinstance(last, str)
    assert out + last == assess(begun + "x" * rest)
