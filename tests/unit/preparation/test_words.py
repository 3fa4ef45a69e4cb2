"""What a word is."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.quality import symbol_ratio
from pipelines.preparation.words import WORD, split_words, without_marks

MIXED = st.text(
    st.one_of(st.characters(max_codepoint=127), st.sampled_from("\u00e9\u0301\u2019\u4e2d\u3042\u0e01_")), max_size=30
)


@given(MIXED)
def test_words_are_the_same_whichever_way_they_are_told(text: str) -> None:
    assert split_words(text) == WORD.findall(without_marks(text))


@given(MIXED)
def test_symbols_are_counted_the_same_whichever_way(text: str) -> None:
    visible = sum(map(len, without_marks(text).split()))
    symbols = sum(
        not (character.isalnum() or character == "_" or character.isspace()) for character in without_marks(text)
    )
    assert symbol_ratio(text) == (symbols / visible if visible else 0)


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_words_are_the_words_that_are_told_in_any_script(text: str) -> None:
    assert split_words(text) == WORD.findall(text)
