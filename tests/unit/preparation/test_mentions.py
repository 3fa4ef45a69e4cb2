"""Whom a text names: by whole words and phrases of the lexicon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.profile.lexicon import LEXICON
from pipelines.preparation.profile.mentions import GROUPS, Group, find_terms, groups_of
from pipelines.preparation.unicode_text import normalize
from pipelines.preparation.words import count_words, folded_words


def named(text: str) -> set[str]:
    return {group.name for group in groups_of(find_terms(folded_words(text)))}


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("Her report is late.", {"women"}),
        ("HIS report", {"men"}),
        ("the women’s team", {"women"}),
        ("The theme of sheets, manual and human", set()),
        ("a non-binary person", {"transgender and non-binary people"}),
        ("a trans woman", {"women", "transgender and non-binary people"}),
        ("a black box on a white list, disabled by default", set()),
        ("Black people and white women", {"Black people", "white people", "women"}),
        ("a child process of the parent; blind copy", set()),
        ("people with disabilities", {"disabled people, in general"}),
        ("les élèves chinois et la café-society of she-wolves", {"women"}),
        ("Über die Straße ging he", {"men"}),
        ("", set()),
    ],
)
def test_groups_are_told_by_whole_words(text: str, groups: set[str]) -> None:
    assert named(text) == groups


def test_a_phrase_covers_its_words_within_its_kind() -> None:
    terms = find_terms(folded_words("A Latin American poet"))

    assert terms == {("nationality and region", "latin american")}


def test_a_word_beside_a_phrase_that_has_it_counts_too() -> None:
    terms = find_terms(folded_words("Latin American and American poets"))

    assert terms == {("nationality and region", "latin american"), ("nationality and region", "american")}


def test_phrases_that_follow_one_another_are_all_found() -> None:
    terms = find_terms(folded_words("new zealand new zealand, hong kong hong kong"))

    assert {term for _, term in terms} == {"new zealand", "hong kong"}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_every_term_of_the_lexicon_is_found_where_it_stands(group: Group) -> None:
    for term in LEXICON[group.kind][group.name]:
        assert group in groups_of(find_terms(folded_words(f"So {term.upper()}, says it.")))


@given(st.text(st.characters(codec="utf-8")))
def test_a_text_has_as_many_words_as_the_filter_counts(text: str) -> None:
    normalized = normalize(text)

    assert len(folded_words(normalized)) == count_words(normalized)
