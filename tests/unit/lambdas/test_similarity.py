"""Examples like the text come from train, the most similar nearest to it, the same ones every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.evaluate_candidate import showing
from lambdas.evaluate_candidate.handler import handle
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.examples import SimilarExamples
from lambdas.shared.prompts import Turn
from lambdas.shared.similarity import Index

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PREFIX = "news/run=run-7/"
TEXTS = [
    "Summarize this: the bank raised its rates",
    "Summarize this: the team won the final match",
    "Summarize this: a bank and another bank merge",
    "Summarize this: rain falls on the coast",
]
texts = st.lists(st.text(max_size=30), max_size=12)


def test_rare_words_that_are_shared_decide_and_not_those_that_all_texts_have() -> None:
    index = Index(TEXTS)

    assert index.nearest("Summarize this: why a bank closed", 2) == [2, 0]
    assert index.nearest("the match was lost", 1) == [1]
    assert Index(["the the the the", "bank", "the sky", "the sea"]).nearest("the bank", 1) == [1]


def test_texts_without_spaces_between_words_are_compared_by_their_characters() -> None:
    index = Index(["銀行が金利を上げた", "チームが試合に勝った", "海岸に雨が降る", "the team won"])

    assert index.nearest("銀行の合併", 1) == [0]
    assert index.nearest("雨の海", 1) == [2]
    assert index.nearest("a team", 1) == [3]


def test_of_texts_that_are_equally_similar_the_one_that_stands_first_is_taken() -> None:
    assert Index(["a b", "b a", "c"]).nearest("a", 2) == [0, 1]
    assert Index(TEXTS).nearest("", 2) == [0, 1]


def test_the_most_similar_example_stands_next_to_the_text() -> None:
    pool = [[Turn("user", text), Turn("assistant", text.upper())] for text in ("a b c", "a b", "a", "d")]

    shown = SimilarExamples(pool, 2).turns_for("c b")

    assert [turn.content for turn in shown] == ["a b", "A B", "a b c", "A B C"]


@given(texts, st.text(max_size=30), st.integers(0, 15))
def test_no_text_is_given_twice_and_no_more_than_there_are(pool: list[str], text: str, count: int) -> None:
    found = Index(pool).nearest(text, count)

    assert len(found) == len(set(found)) == min(count, len(pool))


@given(texts.filter(bool))
def test_a_text_is_never_less_similar_to_itself_than_one_that_shares_nothing_with_it(pool: list[str]) -> None:
    pool = ["completely unrelated", *pool, "seven words"]

    assert Index(pool).nearest("seven words", 1) == [pool.index("seven words")]


@pytest.fixture
def evaluate(cloud: Cloud, context: Context, run: dict[str, Any], record: Callable[..., Any]) -> Callable[[], Any]:
    """Evaluate a few-shot candidate that shows one similar example, on eight records about four things."""
    things = ["buckets", "tables", "queues", "topics"]
    asked = [record(f"v{n}", f"All about {things[n % 4]} here.", "X.") for n in range(8)]
    known = [record(f"t{n}", f"Tell of {what}.", f"{what} are told of.") for n, what in enumerate(things)]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *asked)
    cloud.put("curated", f"{PREFIX}train/part-00000.jsonl", *known)
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda _: {
            "output": {"message": {"role": "assistant", "content": [{"text": "X."}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
            "metrics": {"latencyMs": 5},
        },
    )
    run["candidates"][2] |= {"choose": "similar", "examples": 1}
    return lambda: handle({"run": run, "candidate": run["candidates"][2]}, context)


def said(call: Mapping[str, Any]) -> list[str]:
    return [message["content"][0]["text"] for message in call["messages"]]


def test_each_text_is_shown_the_example_that_is_most_like_it(evaluate: Callable[[], Any], cloud: Cloud) -> None:
    evaluate()

    for call in cloud.called("bedrock-runtime", "Converse"):
        _, answer, question = said(call)
        assert answer.split()[0] in question


def test_the_pool_is_kept_with_the_result_for_the_gateway_to_choose_from(
    evaluate: Callable[[], Any], cloud: Cloud
) -> None:
    stored = cloud.document("models", evaluate()["result_key"])

    assert (len(stored["prompt_pool"]), stored["prompt_examples"], stored["prompt_turns"]) == (4, 1, [])
    assert "prompt_pool" not in evaluate()


def test_the_pool_is_bounded_in_records_and_in_characters(
    evaluate: Callable[[], Any], cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "SIMILAR_CHARACTERS", 140)

    assert len(cloud.document("models", evaluate()["result_key"])["prompt_pool"]) == 2


def test_a_choice_that_there_is_not_is_refused(evaluate: Callable[[], Any], run: dict[str, Any]) -> None:
    run["candidates"][2]["choose"] = "random"

    with pytest.raises(InvalidEvent, match="'random' is not one of first, similar"):
        evaluate()
