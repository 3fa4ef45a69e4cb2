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
from lambdas.shared.by_label import by_label
from lambdas.shared.records import Record, Turn
from pipelines.preparation.settings import KINDS
from pipelines.tuning import by_label as tuned_by_label
from pipelines.tuning import labels as of_tuned
from pipelines.tuning import metrics as for_tuned
from pipelines.tuning import squad as tuned_squad
from pipelines.tuning.container import TuningError

LABELS = ("sports", "business", "world news", "news", "c", "c++")
WORDS = ["the", "The", "a", "news", "World", "news.", "sports", "C++", "c", "an", "Eiffel-Tower", "42", "é", ",", ""]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=20)
MARKED, NESTED = ("<30", ">30", "30"), ("male", "female", "a b", "b c", "relevant", "irrelevant")
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


@given(pairs=answered)
def test_both_tell_the_same_of_each_label_and_their_f1_is_that_of_the_metric(pairs: list[tuple[str, str]]) -> None:
    references, answers = [reference for reference, _ in pairs], [answer for _, answer in pairs]

    found = by_label(LABELS, references, answers)

    assert found == tuned_by_label.by_label(LABELS, references, answers)
    f1 = [figure["f1"] for figure in found["figures"] if figure["support"]]
    macro = for_candidates.metric_named("macroF1", LABELS).value(references, answers)
    assert sum(f1) / len(f1) == pytest.approx(macro, abs=1e-6)
    assert sum(map(sum, found["confusion"]["rows"])) == len(pairs)


@given(texts)
def test_both_write_an_answer_alike_before_they_compare(text: str) -> None:
    assert squad.normalized(text) == tuned_squad.normalized(text)
    assert of_candidates.plain(text) == of_tuned.plain(text)


@given(texts, st.sampled_from([LABELS, MARKED, NESTED]))
def test_both_find_the_same_label_in_an_answer(text: str, labels: tuple[str, ...]) -> None:
    assert of_candidates.Labels(labels).written(text) == of_tuned.plain(text, labels)
    assert of_candidates.Labels(labels).given_by(text) == of_tuned.given_by(text, labels)


@given(st.lists(texts | st.sampled_from(MARKED), min_size=1))
def test_both_find_the_same_labels(targets: list[str]) -> None:
    try:
        labels = list(of_candidates.labels_of(targets))
    except of_candidates.NotLabels:
        labels = []

    assert labels == of_tuned.labels_of(targets)


def test_too_many_or_too_long_targets_are_labels_to_neither() -> None:
    for targets in ([str(number) for number in range(201)], ["x" * 101], ["sports", "?"], ["sports", ""]):
        assert of_tuned.labels_of(targets) == []
        with pytest.raises(of_candidates.NotLabels, match=r"no labels.*task\.kind generation"):
            of_candidates.labels_of(targets)


def test_a_target_that_is_no_label_is_named_by_its_record_and_its_text_is_kept_to_itself() -> None:
    turns = (Turn("user", "Text."),)
    records = [Record("r1", turns, "sports"), Record("r2", turns, "Jane Roe owes 400 pounds. " * 5)]

    with pytest.raises(of_candidates.NotLabels, match=r"that of record r2 has \d+ characters") as refused:
        of_candidates.labels_of_records(records)

    assert "jane" not in str(refused.value).lower()


def test_settings_functions_and_jobs_know_the_same_kinds_and_metrics() -> None:
    kinds = get_args(task.Task.model_fields["kind"].annotation)

    assert dict(for_candidates.METRICS_OF_KIND) == selection.METRICS_OF_KIND
    assert set(kinds) == set(selection.METRICS_OF_KIND) == set(KINDS)
    named = {name for names in selection.METRICS_OF_KIND.values() for name in names}
    assert named == set(get_args(selection.Metric))
    # Tuned models are measured by what asks no other model.
    assert named - set(selection.ASKED_METRICS) == set(for_tuned.NAMES)


@pytest.mark.parametrize(
    ("reference", "answer", "exact", "f1"),
    [
        ("The Eiffel Tower", "eiffel tower!", 1.0, 1.0),
        ("Denver Broncos", "the Denver Broncos of 2015", 0.0, 2 * (2 / 4) / (2 / 4 + 1)),
        ("yes", "no", 0.0, 0.0),
        ("the", "", 0.0, 0.0),
        ("the", "The", 1.0, 1.0),
        ("+", "", 0.0, 0.0),
        ("+", "-", 0.0, 0.0),
        ("+", " +", 1.0, 1.0),
        ("+", "the", 0.0, 0.0),
        ("yes", "", 0.0, 0.0),
        ("a b b", "b b b", 0.0, 2 * (2 / 3) / (2 / 3 + 1)),
    ],
)
def test_questions_are_scored_as_squad_does(reference: str, answer: str, exact: float, f1: float) -> None:
    assert squad.exact_match(reference, answer) == exact
    assert squad.token_f1(reference, answer) == pytest.approx(f1)
    assert tuned_squad.exact_match(reference, answer) == exact
    assert tuned_squad.token_f1(reference, answer) == pytest.approx(f1)


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


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("It could be male or female.", None),
        ("Irrelevant.", "irrelevant"),
        ("It is irrelevant", "irrelevant"),
        ("relevant, not irrelevant", None),
        ("it is female, I say female", "female"),
        ("a b c", None),
    ],
)
def test_a_label_within_another_is_told_from_one_beside_it(answer: str, label: str | None) -> None:
    assert of_candidates.Labels(NESTED).given_by(answer) == label
    assert of_tuned.given_by(answer, NESTED) == label


def test_labels_that_differ_in_what_is_around_them_are_told_apart_by_it() -> None:
    labels = of_candidates.labels_of(["<30", ">30", ">30", "Unknown."])
    metric = for_candidates.metric_named("accuracy", labels)

    assert labels == (">30", "<30", "unknown")
    assert [metric.score(">30", answer) for answer in (">30", " >30.", "It is >30", "<30", "30")] == [1, 1, 1, 0, 0]
    assert metric.score("Unknown", "unknown!") == 1


def test_what_is_around_labels_does_not_count_where_they_differ_without_it() -> None:
    assert of_candidates.labels_of(["[Sports]", "**news**", "sports."]) == ("**news**", "[sports]", "sports")
    assert of_candidates.labels_of(["[Sports]", "**news**"]) == ("news", "sports")


def test_stars_are_labels_and_an_empty_answer_is_none() -> None:
    labels = of_candidates.labels_of(["*", "**", "**"])

    assert labels == ("**", "*")
    for answer, label in (("**", "**"), ("*", "*"), ("Two stars: **", "**"), ("", None), (".", None)):
        assert of_candidates.Labels(labels).given_by(answer) == of_tuned.given_by(answer, labels) == label
    assert of_candidates.Labels(["", "a"]).given_by("") is None
    assert of_tuned.given_by("", ["", "a"]) is None


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
    other = tuned.difference(references, bad, good, seed=13)

    assert found.low < found.value < found.high
    assert 0 < difference.low < difference.value < difference.high
    assert difference.value == pytest.approx(other.value)
    assert (difference.low, difference.high) == pytest.approx((other.low, other.high), abs=0.02)


@pytest.mark.parametrize("name", for_tuned.NAMES)
@pytest.mark.parametrize("right", [0, 1, 8, 13, 16])
def test_both_implementations_are_as_sure_of_a_figure(name: str, right: int) -> None:
    references = ["sports", "business", "news", "news"] * 4
    answers = [*references[:right], *["c"] * (16 - right)]
    candidate, tuned = for_candidates.metric_named(name, LABELS), for_tuned.Metric(name, LABELS)

    found, other = candidate.interval(references, answers), tuned.interval(references, answers, seed=13)

    assert other.value == pytest.approx(found.value)
    # Drawn by other dice; what drawing cannot see is the same to the last digit.
    close = 1e-9 if right in (0, 16) else 0.05
    assert (other.low, other.high) == pytest.approx((found.low, found.high), abs=close)
    assert other.low <= other.value <= other.high


def test_a_class_of_few_records_makes_macro_f1_as_unsure_as_they_are() -> None:
    metric = for_candidates.metric_named("macroF1", ("common", "rare"))
    even, uneven = ["common", "rare"] * 32, ["common"] * 60 + ["rare"] * 4

    assert metric.interval(even, even).low == pytest.approx(0.923, abs=0.001)
    assert metric.interval(uneven, uneven).low == pytest.approx(0.697, abs=0.001)


def test_of_one_class_macro_f1_is_as_sure_as_a_share_of_right_answers() -> None:
    alone = ["common"] * 64
    found = for_candidates.metric_named("macroF1", ("common", "rare")).interval(alone, alone)

    assert (found.low, found.value, found.high) == pytest.approx((0.944, 1, 1), abs=0.001)


def test_a_rare_class_is_unsure_beside_a_common_one_that_has_wrong_answers() -> None:
    metric = for_candidates.metric_named("macroF1", ("common", "rare", "none"))
    references = ["common"] * 60 + ["rare"] * 4
    answers = ["common"] * 57 + ["none"] * 3 + ["rare"] * 4

    found = metric.interval(references, answers)

    assert found.value - found.low > 0.3


def test_a_class_that_no_answer_gives_may_be_as_good_as_its_few_records_allow() -> None:
    metric = for_candidates.metric_named("macroF1", ("common", "rare"))
    references = ["common"] * 60 + ["rare"] * 4
    found = metric.interval(references, ["common"] * 64)

    assert found.high - found.value > 0.3
    assert found.low <= found.value


def test_labels_that_training_did_not_find_are_an_error_with_a_remedy() -> None:
    with pytest.raises(TuningError, match=r"accuracy compares labels.*data\.columns\.target"):
        for_tuned.Metric("accuracy", [])
