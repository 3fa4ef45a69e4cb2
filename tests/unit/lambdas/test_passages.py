"""Documents become passages, and a prompt shows those that were found for its text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.embedding import as_kept, packed, unpacked
from lambdas.shared.errors import InvalidTarget
from lambdas.shared.examples import read_examples
from lambdas.shared.fields import Fields
from lambdas.shared.passages import BEFORE, Passage, Passages, VectorSearch, cut
from lambdas.shared.prompts import Turn, task_prompt
from lambdas.shared.similarity import WORD

INSTRUCTION = "Answer the question."
TEXTS = ["Owls hunt at night.", "Bees make honey.", "Honey keeps for years in a jar."]
PASSAGES = [Passage(text, f"{number}.txt") for number, text in enumerate(TEXTS)]
vectors = st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=8).map(tuple)


@given(st.text(alphabet=" abc.!?\n\u3042\u3002", max_size=200), st.integers(1, 8))
def test_no_word_is_lost_and_no_passage_is_longer_than_it_may_be(text: str, most: int) -> None:
    pieces = list(cut(text, most))

    assert WORD.findall("\n".join(pieces)) == WORD.findall(text)
    assert all(0 < len(WORD.findall(piece)) <= most for piece in pieces)


def test_passages_end_with_sentences_where_these_are_short_enough() -> None:
    assert list(cut("One two three. Four five. Six seven eight nine.", 5)) == [
        "One two three. Four five.",
        "Six seven eight nine.",
    ]


def test_the_likeliest_passages_stand_before_what_the_user_says_last() -> None:
    turns = [Turn("system", "Be brief."), Turn("user", task_prompt(INSTRUCTION, "For how many years is honey good?"))]

    asked = Passages(PASSAGES, 2, INSTRUCTION).asked(turns)

    assert asked[0] == turns[0]
    assert asked[1].content == "\n\n".join(
        [BEFORE, f"[1] {TEXTS[2]}", f"[2] {TEXTS[1]}", "Answer the question.\n\nFor how many years is honey good?"]
    )


def test_the_words_of_the_instruction_are_not_looked_for() -> None:
    instruction = "Owls hunt at night, answer them."
    turns = [Turn("user", task_prompt(instruction, "honey"))]

    assert TEXTS[0] not in Passages(PASSAGES, 1, instruction).asked(turns)[0].content


def test_the_nearest_vector_wins_and_of_equals_the_first() -> None:
    search = VectorSearch([(0.0, 1.0), (1.0, 0.0), (1.0, 0.0)], "m", lambda _, text: (1.0, 0.0))

    assert search.nearest("x", 2) == [1, 2]


@pytest.mark.parametrize("embedded", [False, True])
def test_what_is_stored_is_found_in_again_in_the_same_way(embedded: bool) -> None:
    asked_by: list[str] = []

    def embed(model_id: str, text: str) -> tuple[float, ...]:
        asked_by.append(model_id)
        return (1.0, 0.0)

    kept = [as_kept(vector) for vector in ((0.6, 0.8), (1.0, 0.0), (0.0, 1.0))]
    first = Passages(PASSAGES, 2, INSTRUCTION, VectorSearch(kept, "titan", embed) if embedded else None)
    turns = [Turn("user", task_prompt(INSTRUCTION, "Who makes honey?"))]

    again = read_examples(Fields({"prompt_turns": [], **first.document()}, "here"), embed)

    assert again.asked(turns) == first.asked(turns)
    assert set(asked_by) == ({"titan"} if embedded else set())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"passages": []}, "no passages"),
        ({"passage_vectors": ["AA"]}, "cannot be read"),
        ({"passage_vectors": [packed((1.0,))]}, "do not go together"),
        ({"passage_vectors": [packed((1.0,))] * 2 + [packed((1.0, 0.0))]}, "do not go together"),
        ({"passages_shown": 0}, "'passages_shown' is 0"),
    ],
)
def test_stored_passages_that_were_changed_are_refused(change: dict[str, object], message: str) -> None:
    stored = {**Passages(PASSAGES, 2, INSTRUCTION).document(), "passage_model_id": "titan", **change}

    with pytest.raises(InvalidTarget, match=message):
        read_examples(Fields(stored, "here", InvalidTarget), lambda _, text: (1.0,))


@given(vectors)
def test_a_vector_is_read_back_as_it_is_compared(vector: tuple[float, ...]) -> None:
    assert unpacked(packed(vector)) == as_kept(vector)
    assert all(math.isclose(a, b, abs_tol=1e-3) for a, b in zip(as_kept(vector), vector, strict=True))
