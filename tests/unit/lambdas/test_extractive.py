"""The extractive baseline gives a sentence of the text: the one that stands best for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.extractive import MAX_SENTENCES, best_sentence, sentences
from lambdas.shared.rouge import tokens


@given(st.text(max_size=300))
def test_the_answer_is_a_part_of_the_text_that_has_words_or_nothing(text: str) -> None:
    found = best_sentence(text)

    # What was wrapped has a space where a line ended.
    assert "".join(found.split()) in "".join(text.split())
    assert bool(tokens(found)) == bool(tokens(text))


def test_the_leading_sentence_wins_when_it_shares_words_with_the_rest() -> None:
    text = "The bucket holds objects. Objects in the bucket have keys. Delete the bucket when empty."

    assert best_sentence(text) == "The bucket holds objects."


def test_a_leading_sentence_that_has_nothing_in_common_with_the_rest_loses() -> None:
    text = (
        "Note. "
        "The training job reads the records of the bucket and writes the model. "
        "The training job writes the model and the records of its loss. "
        "The model of the training job reads the records."
    )

    assert best_sentence(text).startswith("The training job reads")


def test_lines_end_sentences_too() -> None:
    assert sentences("First line\nSecond line\n\n- \nThird.") == ["First line", "Second line", "Third."]


def test_a_line_that_goes_on_in_small_letters_was_wrapped() -> None:
    text = "Note that unlike the function this also\nreturns a value.  It is\nslow.\n\nMore\n- an item\n- of a list"
    assert sentences(text) == [
        "Note that unlike the function this also returns a value.",
        "It is slow.",
        "More",
        "- an item",
        "- of a list",
    ]


def test_a_very_long_text_costs_a_bounded_number_of_sentences() -> None:
    assert len(sentences("One more sentence. " * 10_000)) == MAX_SENTENCES


def test_a_text_of_nothing_but_spaces_costs_no_more_than_its_length() -> None:
    # A pattern that tries each space again would take minutes here.
    assert sentences(" " * 100_000) == []
    assert sentences("word" + " " * 99_000 + "\nNext") == ["word", "Next"]
