"""Who a record is, and on which side it stands."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.identity import assign_split, digest
from pipelines.preparation.settings import Split

SPLIT = Split(validation=0.1, test=0.2, seed=13)


@given(st.lists(st.sampled_from(["Creates", "a", "bucket", "the", "queue", "2"]), min_size=1, max_size=8))
def test_variants_of_a_document_stand_on_one_side(words: list[str]) -> None:
    variants = [" ".join(words), ", ".join(words).upper() + ".", "\n".join(words), "* " + " - ".join(words)]
    assert len({assign_split(variant, SPLIT) for variant in variants}) == 1


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_an_ascii_text_stands_where_its_spelling_beyond_ascii_would(text: str) -> None:
    # U+212A, the Kelvin sign, is a k once it is in small letters, and makes a text that is not ASCII.
    assert assign_split(f"{text} k", SPLIT) == assign_split(f"{text} \u212a", SPLIT)


def test_shares_are_met() -> None:
    counts = Counter(assign_split(f"document number {number}", SPLIT) for number in range(20_000))
    assert abs(counts["test"] / 20_000 - 0.2) < 0.01
    assert abs(counts["validation"] / 20_000 - 0.1) < 0.01
    assert counts.total() == 20_000


def test_another_seed_gives_another_split() -> None:
    texts = [f"document {number}" for number in range(200)]
    other = Split(validation=0.1, test=0.2, seed=14)
    assert [assign_split(text, SPLIT) for text in texts] != [assign_split(text, other) for text in texts]


def test_texts_without_letters_are_still_told_apart() -> None:
    assert len({assign_split("+" * number, SPLIT) for number in range(1, 100)}) == 3


def test_the_split_is_the_same_in_every_release() -> None:
    sides = " ".join(assign_split(f"document {number}", SPLIT) for number in range(10))
    assert sides == "validation train train validation validation train train train validation train"
    assert digest("text") == "982d9e3eb996f559e633f4d194def376"
