"""ROUGE-L is the figure that the field's reference implementation gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from lambdas.shared.rouge import lcs_length, rouge_l, tokens

REFERENCE = RougeScorer(["rougeL"], use_stemmer=False)
# Few words, so that texts share many; the odd ones are where tokenizers differ.
WORDS = st.sampled_from(["the", "The", "model", "a", "b2", "naïve", "İ", "K", "don't", "--", "x_y", "1,000", ""])
TEXTS = st.one_of(st.lists(WORDS, max_size=40).map(" ".join), st.text(max_size=60))


@given(TEXTS, TEXTS)
def test_the_score_is_that_of_the_reference_implementation(reference: str, prediction: str) -> None:
    expected = REFERENCE.score(reference, prediction)["rougeL"].fmeasure

    assert rouge_l(reference, prediction) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.sampled_from("abc"), max_size=80), st.lists(st.sampled_from("abc"), max_size=80))
def test_the_common_subsequence_is_as_long_as_the_textbook_table_says(first: list[str], second: list[str]) -> None:
    row = [0] * (len(second) + 1)
    for item in first:
        above, row = row, [0]
        for place, other in enumerate(second):
            row.append(above[place] + 1 if item == other else max(above[place + 1], row[place]))

    assert lcs_length(first, second) == row[-1]


@pytest.mark.parametrize("empty", ["", "  ", "---", "日本語"])
def test_a_text_without_tokens_scores_zero(empty: str) -> None:
    assert rouge_l(empty, "words") == 0
    assert rouge_l("words", empty) == 0
    assert rouge_l(empty, empty) == 0


def test_order_counts() -> None:
    assert rouge_l("a b c", "a b c") == 1
    assert rouge_l("a b c", "c b a") == pytest.approx(1 / 3)


def test_tokens_are_lower_case_runs_of_ascii_letters_and_digits() -> None:
    assert tokens("The B2-model's 3rd") == ["the", "b2", "model", "s", "3rd"]
