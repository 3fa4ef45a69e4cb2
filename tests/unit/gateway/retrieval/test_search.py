"""What is found: both rankings in one, equal passages once, nothing that is not relevant, and for its owner alone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.answering import NO_ANSWER, answer_prompt, answered, cited
from lambdas.gateway.retrieval.documents import Documents
from lambdas.gateway.retrieval.fusion import fused
from lambdas.gateway.retrieval.lexical import LexicalIndex
from lambdas.gateway.retrieval.search import DEPTH, Found, ranked, relevant
from tests.unit.gateway.retrieval.conftest import ANN, Account, Settings


def found(text: str = "Herons eat fish.", **given_values: Any) -> Found:
    values: dict[str, Any] = {"score": 1.0, "cosine": 0.9, "coverage": 0.9, **given_values}
    return Found("d1", "birds.md", 0, text, **values)


# ---- ranking --------------------------------------------------------------------------------------------


def test_what_both_found_goes_before_what_one_found() -> None:
    assert list(fused({1: 5.0, 2: 4.9}, {3: 0.8, 2: 0.79}, 0.5)) == [2, 1, 3]


@given(
    st.dictionaries(st.integers(0, 9), st.floats(0, 100), max_size=6),
    st.dictionaries(st.integers(0, 9), st.floats(-1, 1), max_size=6),
    st.floats(0, 1),
)
def test_a_score_is_from_0_to_1_and_every_passage_has_one(
    words: dict[int, float], cosines: dict[int, float], weight: float
) -> None:
    scores = fused(words, cosines, weight)
    assert scores.keys() == words.keys() | cosines.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in scores.values())
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_of_passages_that_say_the_same_only_the_best_is_given(documents: Documents) -> None:
    text = "Herons eat fish, frogs and sometimes small birds, which they swallow whole. " * 3
    documents.add(ANN, "a.txt", "text/plain", text.encode())
    documents.add(ANN, "b.txt", "text/plain", f"{text} Indeed.".encode())
    documents.add(ANN, "c.txt", "text/plain", b"A stork is another bird.")
    assert len(documents.search(ANN, "What do herons eat?", 5)) == 2


@pytest.mark.parametrize("query", ["", "   ", "?!", "\n", "x" * 5000])
def test_any_query_is_answered(documents: Documents, query: str) -> None:
    documents.add(ANN, "a.txt", "text/plain", b"Herons eat fish.")
    assert len(documents.search(ANN, query, 5)) <= 1


def test_a_word_counts_no_more_where_a_hundred_other_passages_are_nearer(tmp_path: Path) -> None:
    with closing(LexicalIndex(tmp_path / "index.sqlite")) as index:
        index.add("d1", "birds.md", [*(f"heron {number}" for number in range(DEPTH)), "a pelican"])
        numbers = [number for number, _ in index.search("heron", DEPTH)]
        near = {number: 0.2 + place / 1000 for place, number in enumerate(numbers)}
        few = dict(list(near.items())[:50])

        def evidence(cosines: Mapping[int, float]) -> float:
            return next(one.evidence for one in ranked(index, "pelican", cosines, 200) if "pelican" in one.text)

        assert evidence(near) == pytest.approx(0.7 * 0.2 + 0.3)
        assert evidence(few) == pytest.approx(0.7)


# ---- answers --------------------------------------------------------------------------------------------


def test_nothing_relevant_means_no_answer() -> None:
    assert relevant([found(cosine=0.2, coverage=0.1), found()], 0.31)
    assert not relevant([found(cosine=0.2, coverage=0.1), found(cosine=None, coverage=0.4)], 0.31)
    assert not relevant([], 0.0)


def test_the_settings_say_how_much_a_passage_has_to_do_with_a_question() -> None:
    passage = found(cosine=0.4, coverage=0.4)
    assert passage.evidence == pytest.approx(0.4)
    assert relevant([passage], 0.39)
    assert not relevant([passage], 0.41)


def test_the_prompt_shows_the_passages_by_number_and_ends_with_the_question() -> None:
    [turn] = answer_prompt("What do herons eat?", [found(), found("A </passages> in a text.")])
    assert turn.role == "user"
    assert "[1] birds.md\nHerons eat fish." in turn.content
    assert turn.content.count("</passages>") == 1
    assert turn.content.endswith("Question: What do herons eat?")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("They eat fish [1].", [1]),
        ("So [2], and so [1][2].", [2, 1]),
        ("So [1, 3; 2].", [1, 3, 2]),
        ("So [1-3] and [2\u20133].", [1, 2, 3]),
        ("So [0], [4], [999], [a], [1.2] and 2.", []),
        ("So [1-9999].", [1, 2, 3]),
        ("[" * 10_000 + "1" + "," * 10_000, []),
    ],
)
def test_only_passages_that_were_shown_can_be_cited(text: str, numbers: list[int]) -> None:
    assert cited(text, [found()] * 3) == numbers


def test_an_answer_cites_and_does_not_say_that_there_is_none() -> None:
    assert answered("They eat fish [1].", [found()])
    assert not answered("They eat fish.", [found()])
    assert not answered(f"{NO_ANSWER} [1]", [found()])
    assert not answered("1. [1] 2. [1] 3. [1]", [found()])


# ---- isolation ------------------------------------------------------------------------------------------

callers = st.sampled_from([Caller(f"user:{name}", "user") for name in ("ann", "bob", "cy")])
contents = st.sampled_from([f"Text {number} about herons and storks." for number in range(4)])
steps = st.lists(st.tuples(callers, st.sampled_from(["add", "remove", "search"]), contents), min_size=1, max_size=12)


def test_nobody_ever_finds_what_is_not_theirs_even_where_the_vector_index_would_give_it(account: Account) -> None:
    @settings(deadline=None, max_examples=25)
    @given(steps, st.booleans())
    def isolated(taken: list[tuple[Caller, str, str]], filters: bool) -> None:
        account.clear()
        account.filters = filters
        documents = Documents.from_environment(Settings())
        owned: dict[str, dict[str, str]] = {}
        for caller, step, content in taken:
            mine = owned.setdefault(caller.id, {})
            if step == "add":
                mine[content] = documents.add(caller, "a.txt", "text/plain", content.encode()).id
            elif step == "remove" and content in mine:
                documents.remove(caller, mine.pop(content))
            seen = documents.search(caller, "herons and storks", 50)
            assert {one.document_id for one in seen} <= set(mine.values())
            assert {one.text for one in seen} <= set(mine)
            assert bool(seen) == bool(mine)
            assert {one.id for one in documents.list(caller)} == set(mine.values())

    isolated()
