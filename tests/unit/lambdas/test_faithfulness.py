"""A summary that invents is told from one that does not, and one that repeats its text is no summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.extractive import best_sentence
from lambdas.shared.faithfulness import faithfulness, support

SOURCE = (
    "Starts a job in the Region that you name. The job reads up to 500 files from Amazon S3 and ends after 12.5 hours. "
    "It writes its report into the bucket of the caller, who pays for the requests. Other jobs wait until it is done."
)


@pytest.mark.parametrize(
    ("answer", "unsupported"),
    [
        ("It reads 500 files from Amazon S3.", (0, 0, 0)),
        ("It reads 900 files from Amazon S3.", (1, 0, 0)),
        ("It reads files from Google Drive.", (0, 2, 0)),
        ("Penguins swim beneath frozen oceans.", (0, 0, 1)),
        ("Starts a job. Penguins swim beneath frozen oceans.", (0, 0, 1)),
        ("It ends after 12.5 hours.", (0, 0, 0)),
        ("It ends after 12 hours.", (1, 0, 0)),
        ("", (0, 0, 0)),
    ],
)
def test_numbers_names_and_sentences_that_the_text_does_not_have_are_counted(
    answer: str, unsupported: tuple[int, int, int]
) -> None:
    assert support(SOURCE, answer).unsupported == unsupported


def test_a_capital_that_begins_a_sentence_makes_no_name() -> None:
    assert support(SOURCE, "Reads files. Deletes nothing.").found[1] == 0


def test_a_copy_of_the_whole_text_is_supported_and_worth_nothing() -> None:
    found = support(SOURCE, SOURCE)

    assert (found.unsupported, found.copied, found.compression, found.score) == ((0, 0, 0), True, 1.0, 0.0)


def test_a_sentence_of_the_text_is_a_copy_but_short_enough() -> None:
    found = support(SOURCE, best_sentence(SOURCE))

    assert found.copied
    assert found.score == 1.0


def test_figures_are_shares_over_all_answers_and_none_where_there_is_nothing() -> None:
    found = faithfulness([(SOURCE, "It reads 500 files."), (SOURCE, "It reads 900 files.")])

    assert (found["unsupported_numbers"], found["unsupported_names"], found["unsupported_sentences"]) == (0.5, None, 0)
    assert found["copied"] == 0
    assert found["score"] == pytest.approx(0.75)


def test_a_text_in_another_script_has_no_figures_and_spoils_none() -> None:
    japanese = ("銀行が金利を上げた。", "金利が上がった。")
    alone, beside = faithfulness([japanese]), faithfulness([(SOURCE, "It reads 500 files."), japanese])

    assert set(alone.values()) == {None}
    assert beside == faithfulness([(SOURCE, "It reads 500 files.")])


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_the_texts_are_the_score_is_a_share(source: str, answer: str) -> None:
    assert 0 <= support(source, answer).score <= 1


@given(st.text(max_size=80))
def test_no_text_says_anything_that_it_does_not_have(text: str) -> None:
    assert support(text, text).unsupported == (0, 0, 0)
