"""What a word is."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.words import WORD, split_words


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_words_are_the_words_that_are_told_in_any_script(text: str) -> None:
    assert split_words(text) == WORD.findall(text)
