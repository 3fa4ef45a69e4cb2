"""Answers come out of the caches as they went in, to whom they belong, for as long as they hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.gateway.cache import Cache, Scope, SemanticCache
from lambdas.gateway.exchange import Caller, Parameters, Question, Turn, Usage, Written
from lambdas.gateway.table import Table
from lambdas.shared.embedding import Embedding

Users = Callable[[str], Caller]
WRITTEN = Written("A place for objects. ✓", "stop", "nova-micro", Usage(12, 5, 1, 2))
QUESTION = Question("approved", (Turn("system", "Be brief."), Turn("user", "What is a bucket?")), Parameters(64, 0.0))


def scope(user: Users, name: str = "a") -> Scope:
    return Scope(user(name), target="group/3 of run r-1", guardrail="g:1")


def asked(text: str) -> Question:
    return replace(QUESTION, turns=(QUESTION.turns[0], Turn("user", text)))


def embedded(_model_id: str, text: str, _took: list[int]) -> Embedding:
    """Point where the text's first letter says: a clock's hand in a circle of 26."""
    import math

    angle = (ord(text[0].lower()) - ord("a")) * 2 * math.pi / 26
    return Embedding((math.cos(angle), math.sin(angle)), 1)


def semantic(table: Table, least: float = 0.95, now: Callable[[], float] = time.time) -> SemanticCache:
    return SemanticCache(table, "embedder", least_similarity=least, ttl_seconds=60, embed=embedded, now=now)


def test_an_answer_is_given_again_until_it_expires(table: Table, user: Users) -> None:
    moment = [time.time()]
    cache = Cache(table, 60, now=lambda: moment[0])
    key = scope(user).key(QUESTION)
    assert cache.find(key) is None
    assert cache.keep(key, WRITTEN)
    assert cache.find(key) == WRITTEN
    moment[0] += 61
    assert cache.find(key) is None


@pytest.mark.parametrize(
    "written",
    [
        replace(WRITTEN, finish="length"),
        replace(WRITTEN, finish="filtered"),
        replace(WRITTEN, text=""),
        replace(WRITTEN, text="é" * 204_800),
    ],
)
def test_half_an_answer_or_one_too_long_for_the_table_is_not_kept(table: Table, user: Users, written: Written) -> None:
    cache, key = Cache(table, 60), scope(user).key(QUESTION)
    assert not cache.keep(key, written)
    assert cache.find(key) is None


def test_a_table_that_does_not_answer_fails_no_request(
    table: Table, user: Users, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = Table(f"{table.name}-gone")
    key = scope(user).key(QUESTION)
    assert Cache(gone, 60).find(key) is None
    assert not Cache(gone, 60).keep(key, WRITTEN)
    assert semantic(gone).find(scope(user), QUESTION) == (None, None)
    assert capsys.readouterr().out.count("cannot be") == 3


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["approved", "nova-micro"]),
        st.sampled_from(["g:1", "g:2", ""]),
        st.sampled_from(["What is a bucket?", "What is a bucket", "Why?"]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(STEPS)
def test_whatever_is_kept_and_asked_for_in_any_order_nobody_gets_what_is_not_theirs(
    table: Table, steps: list[tuple[str, str, str, str, bool]]
) -> None:
    # Each answer says what it was given to; no other may come back.
    run = str(time.time_ns())
    caches = Cache(table, 60), semantic(table, least=-1.0)
    for name, model, guardrail, text, is_kept in steps:
        where = Scope(Caller(f"user:{name}", "user"), target=run, guardrail=guardrail)
        question = replace(asked(text), model=model)
        mark = f"{name}|{model}|{guardrail}|"
        exact = caches[0].find(where.key(question))
        assert exact is None or exact.text == mark + text
        like, vector = caches[1].find(where, question)
        assert like is None or like.text.startswith(mark)
        if is_kept and vector is not None:
            written = replace(WRITTEN, text=mark + text)
            assert caches[0].keep(where.key(question), written)
            assert caches[1].keep(where, question, vector, written)
            assert caches[0].find(where.key(question)) == written


def test_a_question_that_means_the_same_gets_the_answer_and_the_likest_one_wins(table: Table, user: Users) -> None:
    cache, where = semantic(table, least=0.9), scope(user)
    for text, answer in (("cups are what", "c"), ("explain cups", "e")):
        _, vector = cache.find(where, asked(text))
        assert vector is not None
        assert cache.keep(where, asked(text), vector, replace(WRITTEN, text=answer))
    found, _ = cache.find(where, asked("define cups"))
    assert found is None or found.text in {"c", "e"}
    found, _ = cache.find(where, asked("elucidate cups"))
    assert found == replace(WRITTEN, text="e")
    assert cache.find(where, asked("zebras"))[0] is None


def test_a_likely_question_that_turns_the_answer_round_is_left_to_the_model(table: Table, user: Users) -> None:
    cache, where = semantic(table), scope(user)
    _, vector = cache.find(where, asked("create a bucket?"))
    assert vector is not None
    cache.keep(where, asked("create a bucket?"), vector, WRITTEN)
    assert cache.find(where, asked("can you not create a bucket?"))[0] is None
    assert cache.find(where, asked("create a bucket, please"))[0] == WRITTEN


def test_what_was_embedded_by_another_model_is_not_compared(table: Table, user: Users) -> None:
    cache, where = semantic(table), scope(user)
    _, vector = cache.find(where, QUESTION)
    assert vector is not None
    cache.keep(where, QUESTION, vector, WRITTEN)
    other = SemanticCache(
        table, "other", least_similarity=0.5, ttl_seconds=60, embed=lambda *_: Embedding((1.0, 0.0, 0.0), 1)
    )
    assert other.find(where, QUESTION)[0] is None


def test_an_expired_answer_is_not_given_for_a_like_question(table: Table, user: Users) -> None:
    moment = [time.time()]
    cache = semantic(table, now=lambda: moment[0])
    _, vector = cache.find(scope(user), QUESTION)
    assert vector is not None
    cache.keep(scope(user), QUESTION, vector, WRITTEN)
    moment[0] += 61
    assert cache.find(scope(user), QUESTION)[0] is None


def test_the_settings_say_which_caches_there_are(table: Table) -> None:
    embedding = {"model_id": "embedder"}
    both = {"cache": {"exact": True, "ttl_seconds": 9, "semantic": {"least_similarity": 0.9}}, "embedding": embedding}
    none = {"cache": {"exact": False, "ttl_seconds": 9, "semantic": None}, "embedding": embedding}
    assert Cache.from_environment(both) is not None
    assert SemanticCache.from_environment(both) is not None
    assert Cache.from_environment(none) is None
    assert SemanticCache.from_environment(none) is None
    assert SemanticCache.from_environment({**both, "embedding": None}) is None
