"""Task, metric and strategy: pairs that make no sense are refused, and their harmless neighbours are not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.conftest import EXTRACTIVE, Load, Problems, found


@pytest.mark.parametrize(
    ("kind", "metric", "remedy"),
    [
        ("classification", "rougeL", "Make it `macroF1` or `accuracy`."),
        ("question_answering", "accuracy", "Make it `exactMatch` or `tokenF1`."),
        ("summarization", "tokenF1", "Make it `rougeL` or `embeddingSimilarity`."),
    ],
)
def test_a_metric_that_does_not_suit_the_task_is_one_error_with_the_choices(
    problems: Problems, document: dict[str, Any], kind: str, metric: str, remedy: str
) -> None:
    document["task"]["kind"], document["selection"]["metric"] = kind, metric
    document["data"]["filters"] = {"min_target_words": 1}
    [problem] = problems(document)
    assert (problem.key, problem.message) == ("selection.metric", f"`{metric}` is no metric for {kind}")
    assert problem.remedy == remedy


@pytest.mark.parametrize(("kind", "metric"), [("classification", "macroF1"), ("question_answering", "exactMatch")])
def test_targets_of_one_word_must_be_let_through_where_labels_or_answers_are_wanted(
    load: Load, problems: Problems, document: dict[str, Any], kind: str, metric: str
) -> None:
    document["task"]["kind"], document["selection"]["metric"] = kind, metric
    assert [key for key, _ in found(problems(document))] == ["data.filters.min_target_words"]
    document["data"]["filters"] = {"min_target_words": 1}
    assert load(document).task.kind == kind


def test_the_baseline_that_copies_a_sentence_is_no_candidate_where_labels_are_wanted(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["selection"]["candidates"] += [EXTRACTIVE]
    assert load(document).task.kind == "summarization"
    document["task"]["kind"], document["selection"]["metric"] = "classification", "accuracy"
    document["data"]["filters"] = {"min_target_words": 1}
    [problem] = problems(document)
    assert problem.key == "selection.candidates[1]"
    assert "copies a sentence of the text, which is no label" in problem.message
    assert "a model with `zero-shot` or `few-shot`" in problem.remedy
    document["selection"]["candidates"].pop()
    assert load(document).task.kind == "classification"


def test_only_few_shot_chooses_examples(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    nova = {"model": "nova-micro", "choose": "similar"}
    document["selection"]["candidates"] = [nova]
    assert found(problems(document)) == [("selection.candidates[0].choose", "`zero-shot` shows no examples to choose")]
    document["selection"]["candidates"] = [nova | {"strategy": "few-shot", "examples": 2}]
    assert load(document).selection.candidates[0].choose == "similar"
