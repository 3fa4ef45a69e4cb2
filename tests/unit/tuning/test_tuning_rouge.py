"""ROUGE-L agrees with Google's package on whatever text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from pipelines.tuning.rouge import rouge_l

SCORER = RougeScorer(["rougeL"], use_stemmer=False)
WORDS = ["create", "delete", "a", "the", "The", "bucket,", "bucket.", "S3", "s", "3", "x-amz", "é", ""]
texts = st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join) | st.text(max_size=60)


@given(texts, texts)
def test_it_equals_the_reference_implementation(reference: str, answer: str) -> None:
    expected = SCORER.score(reference, answer)["rougeL"].fmeasure
    assert rouge_l(reference, answer) == pytest.approx(expected, abs=1e-12)


def test_words_may_be_apart_but_not_out_of_order() -> None:
    assert rouge_l("creates a new bucket", "creates one bucket") == pytest.approx(2 * 2 / 7)
    assert rouge_l("creates a bucket", "bucket a creates") == pytest.approx(1 / 3)
