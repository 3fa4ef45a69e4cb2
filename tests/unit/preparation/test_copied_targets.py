"""Targets that stand in their text: the shortcut finds all that comparing every word would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.quality.pairs import check_target_is_not_copied
from pipelines.preparation.records import Example, Reason, Rejected
from pipelines.preparation.words import folded_words

CHEROKEE = st.characters(min_codepoint=0x13A0, max_codepoint=0x13FD) | st.characters(
    min_codepoint=0xAB70, max_codepoint=0xABBF
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | CHEROKEE | st.sampled_from("aB "), max_size=12)


@given(TEXTS, TEXTS, TEXTS)
def test_a_target_that_stands_in_its_text_is_found_in_every_script(before: str, target: str, behind: str) -> None:
    text = f"{before} {target.swapcase()} {behind}"
    words = folded_words(target)
    if f" {' '.join(words)} " not in f" {' '.join(folded_words(text))} ":
        return
    with pytest.raises(Rejected) as refused:
        check_target_is_not_copied(Example(text, target))
    assert refused.value.reason == Reason.TARGET_COPIED_FROM_TEXT
