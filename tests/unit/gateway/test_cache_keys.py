"""A cached answer is found by the same question under the same conditions, and by nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.gateway.cache import Scope, is_cacheable
from lambdas.gateway.cache.semantic import agree
from lambdas.gateway.exchange import Caller, Parameters, Question, Turn

# Any character at all, and often ones that a careless join of texts would take for its own.
TEXTS = st.text(st.one_of(st.sampled_from('",:{}[]#\x00 ab'), st.characters()), max_size=12)
CALLERS = st.builds(Caller, TEXTS, st.sampled_from(["user", "service", "partner"]))
SCOPES = st.builds(Scope, CALLERS, TEXTS, TEXTS, TEXTS, TEXTS)
TURNS = st.builds(Turn, st.sampled_from(["system", "user", "assistant"]), TEXTS)
PARAMETERS = st.builds(
    Parameters,
    st.integers(1, 4),
    st.none() | st.sampled_from([0.0, 0.5, 1.0]),
    st.none() | st.sampled_from([0.5, 1.0]),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.none() | st.integers(0, 2),
)
QUESTIONS = st.builds(Question, TEXTS, st.lists(TURNS, min_size=1, max_size=3).map(tuple), PARAMETERS)


@given(SCOPES, QUESTIONS, SCOPES, QUESTIONS)
def test_two_questions_share_a_key_only_where_everything_is_equal(
    scope: Scope, question: Question, other_scope: Scope, other: Question
) -> None:
    same = (scope, question) == (other_scope, other)
    assert (scope.key(question) == other_scope.key(other)) is same


@given(SCOPES, QUESTIONS, TEXTS, st.data())
def test_each_single_condition_has_its_part_in_the_key(
    scope: Scope, question: Question, text: str, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([field.name for field in fields(Scope)]))
    value: Any = Caller(text, scope.caller.kind) if name == "caller" else text
    assume(value != getattr(scope, name))
    changed = replace(scope, **{name: value})
    assert changed.key(question) != scope.key(question)
    assert changed.key_of_kind(question) != scope.key_of_kind(question)


@given(SCOPES, SCOPES, QUESTIONS, TEXTS)
def test_only_the_words_of_the_last_turn_may_differ_within_a_kind(
    scope: Scope, other_scope: Scope, question: Question, text: str
) -> None:
    *earlier, last = question.turns
    reworded = replace(question, turns=(*earlier, replace(last, content=text)))
    assert scope.key_of_kind(reworded) == scope.key_of_kind(question)
    assert (other_scope.key_of_kind(question) == scope.key_of_kind(question)) is (other_scope == scope)


@given(SCOPES, QUESTIONS, QUESTIONS)
def test_what_differs_beside_the_last_words_is_of_another_kind(
    scope: Scope, question: Question, other: Question
) -> None:
    def rest(one: Question) -> Question:
        *earlier, last = one.turns
        return replace(one, turns=(*earlier, replace(last, content="")))

    assert (scope.key_of_kind(question) == scope.key_of_kind(other)) is (rest(question) == rest(other))


@pytest.mark.parametrize(
    ("temperature", "wanted", "expected"),
    [(0.0, None, True), (None, None, False), (0.7, None, False), (0.7, True, True), (0.0, False, False)],
)
def test_only_the_likeliest_answer_is_cached_unless_the_request_says_so(
    temperature: float | None, wanted: bool | None, expected: bool
) -> None:
    question = Question("approved", (Turn("user", "Hello?"),), Parameters(9, temperature))
    assert is_cacheable(question, wanted) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I copy 5 objects?", "Can I copy 50 objects?"),
        ("Does it cost money?", "Does it not cost money?"),
        ("Is it free?", "Isn't it free?"),
        ("What does PutObject do?", "What does GetObject do?"),
        ("Copy it from A", "Copy it to A"),
        ("Where is Paris?", "Where is Rome?"),
        ("is `list` fast?", "is `dict` fast?"),
        ("how do I start an instance?", "how do I stop an instance?"),
        ("why is it slow?", "when is it slow?"),
    ],
)
def test_questions_that_differ_in_what_turns_an_answer_round_do_not_agree(one: str, other: str) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is a bucket?", "what is a bucket"),
        ("How do I create a bucket?", "How can I create some buckets?"),
        ("Explain the term encryption, please.", "Please explain encryption."),
    ],
)
def test_questions_in_other_words_agree(one: str, other: str) -> None:
    assert agree(one, other)


@given(TEXTS, TEXTS)
def test_agreement_has_no_direction(one: str, other: str) -> None:
    assert agree(one, one)
    assert agree(one, other) is agree(other, one)
