"""How much room a prompt's examples or passages may take is known before anything is asked, or embedded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.embedding import Vector
from lambdas.shared.examples import Examples, SameExamples, SimilarExamples
from lambdas.shared.passages import Passage, Passages, VectorSearch
from lambdas.shared.prompts import Turn

TEXTS = st.lists(st.text("ab c.", min_size=1, max_size=40), min_size=1, max_size=15)


@given(TEXTS, st.integers(1, 12), st.text("ab c", max_size=20))
def test_no_prompt_shows_more_than_it_may(texts: list[str], count: int, asked: str) -> None:
    pairs = [(Turn("user", text), Turn("assistant", text[:3])) for text in texts]
    passages = [Passage(text, "a.md") for text in texts]
    kinds: tuple[Examples, ...] = (
        SameExamples(pairs[0]),
        SimilarExamples(pairs, count),
        Passages(passages, count, "Say."),
    )
    for shown in kinds:
        turns = [Turn("user", asked)]
        length = sum(len(turn.content) for turn in shown.asked(turns)) - len(asked)
        assert length <= shown.most_characters()


@given(TEXTS)
def test_where_all_is_shown_it_is_known_exactly(texts: list[str]) -> None:
    passages = Passages([Passage(text, "a.md") for text in texts[:9]], min(len(texts), 9), "Say.")
    [turn] = passages.asked([Turn("user", "What?")])
    assert passages.most_characters() == len(turn.content) - len("What?")


def test_nothing_is_embedded_for_it() -> None:
    def embed(model_id: str, text: str) -> Vector:
        raise AssertionError(f"{model_id} embeds {text!r}")

    search = VectorSearch([(1.0, 0.0)], "model", embed)
    assert Passages([Passage("Owls hunt.", "a.md")], 1, "Say.", search).most_characters() > len("Owls hunt.")
