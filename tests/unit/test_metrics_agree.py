"""Candidates and tuned models are measured by the same definitions, in two implementations and in the settings."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import selection, task
from lambdas.shared import labels as of_candidates
from lambdas.shared import metrics as for_candidates
from lambdas.shared import squad
from pipelines.preparation.settings import KINDS
from pipelines.tuning import labels as of_tuned
from pipelines.tuning import metrics as for_tuned
from pipelines.tuning import squad as tuned_squad
from pipelines.tuning.container import TuningError

LABELS = ("sports", "business", "world news", "news", "c", "c++")
WORDS = ["the", "The", "a", "news", "World", "news.", "sports", "C++", "c", "an", "Eiffel-Tower", "42", "é", ",", ""]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=20)
answered = st.lists(st.tuples(st.sampled_from(LABELS) | texts, texts), min_size=1, max_size=30)


@pytest.mark.parametrize("name", for_tuned.NAMES)
@given(pairs=answered)
def test_both_implementations_score_whatever_text_alike(name: str, pairs: list[tuple[str, str]]) -> None:
    candidate, tuned = for_candidates.metric_named(name, LABELS), for_tuned.Metric(name, LABELS)
    references, answers = [reference for reference, _ in pairs], [answer for _, answer in pairs]

    for reference, answer in pairs:
        assert candidate.score(reference, answer) == pytest.approx(tuned.score(reference, answer))
        assert 0 <= candidate.score(reference, answer) <= 1
    assert candidate.value(references, answers) == pytest.approx(tuned.value(references, answers))


@given(texts)
def test_both_write_an_answer_alike_before_they_compare(text: str) -> None:
    assert squad.normalized(text) == tuned_squad.normalized(text)
    assert of_candidates.plain(text) == of_tuned.plain(text)
    assert of_candidates.Labels(LABELS).given_by(text) == of_tuned.given_by(text, LABELS)


@given(st.lists(texts, min_size=1))
def test_both_find_the_same_labels(targets: list[str]) -> None:
    assert list(of_candidates.labels_of(targets)) == of_tuned.labels_of(targets)


def test_too_many_or_too_long_targets_are_labels_to_neither() -> None:
    for targets in ([str(number) for number in range(201)], ["x" * 101]):
        assert of_tuned.labels_of(targets) == []
        with pytest.raises(of_candidates.NotLabels, match=r"no labels.*task\.kind generation"):
            of_candidates.labels_of(targets)


def test_settings_functions_and_jobs_know_the_same_kinds_and_metrics() -> None:
    kinds = get_args(task.Task.model_fields["kind"].annotation)

    assert dict(for_candidates.METRICS_OF_KIND) == selection.METRICS_OF_KIND
    assert set(kinds) == set(selection.METRICS_OF_KIND) == set(KINDS)
    named = {name for names in selection.METRICS_OF_KIND.values() for name in names}
    assert named == set(get_args(selection.Metric)) == set(for_tuned.NAMES)


@pytest.mark.parametrize(
    ("reference", "answer", "exact", "f1"),
    [
        ("The Eiffel Tower", "eiffel tower!", 1.0, 1.0),
        ("Denver Broncos", "the Denver Broncos of 2015", 0.0, 2 * (2 / 4) / (2 / 4 + 1)),
        ("yes", "no", 0.0, 0.0),
        ("the", "", 1.0, 1.0),
        ("a b b", "b b b", 0.0, 2 * (2 / 3) / (2 / 3 + 1)),
    ],
)
def test_questions_are_scored_as_squad_does(reference: str, answer: str, exact: float, f1: float) -> None:
    assert squad.exact_match(reference, answer) == exact
    assert squad.token_f1(reference, answer) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("Sports", "sports"),
        ("  'World  News'. ", "world news"),
        ("The topic is business.", "business"),
        ("It is world news", "world news"),
        ("sports or business", None),
        ("newspapers", None),
        ("", None),
        ("C++", "c++"),
        ("written in c++ only", "c++"),
    ],
)
def test_an_answer_gives_the_one_label_that_stands_in_it(answer: str, label: str | None) -> None:
    assert of_candidates.Labels(LABELS).given_by(answer) == label


def test_macro_f1_counts_a_rare_label_as_much_as_a_frequent_one() -> None:
    metric = for_candidates.metric_named("macroF1", ("common", "rare"))
    references = ["common"] * 9 + ["rare"]

    assert metric.value(references, ["common"] * 10) == pytest.approx(0.5 * (18 / 19))
    assert metric.value(references, references) == 1.0


def test_an_interval_of_macro_f1_holds_it_and_its_difference_is_paired() -> None:
    references = ["sports", "business", "news"] * 20
    good, bad = [*references[:50], *["sports"] * 10], [*references[:20], *["sports"] * 40]
    candidate, tuned = for_candidates.metric_named("macroF1", LABELS), for_tuned.Metric("macroF1", LABELS)

    found = candidate.interval(references, good)
    difference = candidate.difference(references, good, bad)
    value, (low, high) = tuned.difference(references, bad, good, seed=13, level=0.95)

    assert found.low < found.value < found.high
    assert 0 < difference.low < difference.value < difference.high
    assert difference.value == pytest.approx(value)
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=0.02)


def test_labels_that_training_did_not_find_are_an_error_with_a_remedy() -> None:
    with pytest.raises(TuningError, match=r"accuracy compares labels.*data\.columns\.target"):
        for_tuned.Metric("accuracy", [])
