"""What a word is."""

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.preparation.identity import position
from pipelines.preparation.quality import symbol_ratio
from pipelines.preparation.words import folded_words, split_words

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+")
"""A word as a pattern says it: slower than what is tested, and plain."""

MIXED = st.one_of(
    st.text(
        st.one_of(
            st.characters(max_codepoint=127),
            st.sampled_from("\u00e9\u0301\u2019\u2014\u4e2d\u3042\u0e01\u0e31_\u0130\u00df\u0345\u00a0\ud800"),
        ),
        max_size=30,
    ),
    st.text(max_size=60),
)
MANY = "".join(map(chr, range(0xC0, 0x180)))
"""More different characters than are respelled one by one."""


def without_marks(text: str) -> str:
    return "".join(character for character in text if not unicodedata.category(character).startswith("M"))


@given(MIXED)
@example(MANY)
def test_words_are_runs_of_letters_and_digits_without_their_marks(text: str) -> None:
    assert split_words(text) == WORD.findall(without_marks(text))


@given(MIXED)
@example(MANY)
def test_folded_words_are_the_words_in_small_letters(text: str) -> None:
    assert folded_words(text) == WORD.findall(without_marks(text.casefold()))


@given(MIXED)
@example(MANY)
def test_symbols_are_what_is_seen_and_no_word(text: str) -> None:
    text_alone = without_marks(text)
    visible = sum(map(len, text_alone.split()))
    symbols = sum(not (character.isalnum() or character == "_" or character.isspace()) for character in text_alone)
    assert symbol_ratio(text) == (symbols / visible if visible else 0)


@given(MIXED)
@example(MANY)
def test_texts_that_are_spelled_alike_have_one_position(text: str) -> None:
    alike = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    if alike:
        assert position(text, 7) == position(alike, 7)
        assert position(text, 7) != position(f"{alike} x", 7)
