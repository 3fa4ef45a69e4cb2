"""While candidates are evaluated, the board shows how many answers of how many there are, and whose are awaited."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from lambdas.shared.cost import TimePrice
from lambdas.shared.run import Candidate
from twin.run.evaluation import Evaluation, evaluation_of

GIVEN: dict[str, Any] = {
    "ResolveRun": {
        "sample_size": 40,
        "tuning": {"OutputPrefix": "s3://models/run=r1"},
        "candidates": [
            {"index": 0, "model": "extractive-lead", "strategy": "extractive", "model_id": ""},
            {"index": 1, "model": "small", "strategy": "zero-shot", "model_id": "m"},
            {"index": 2, "model": "small", "strategy": "few-shot", "model_id": "m"},
        ],
    },
    "CheckData": {"splits": {"train": 80, "validation": 10, "test": 10}},
}


class Bucket:
    """An S3 client of one bucket."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def get_paginator(self, _operation: str) -> Bucket:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        assert Bucket == "models"
        return [{"Contents": [{"Key": key} for key in self.keys if key.startswith(Prefix)]}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "models"
        return {"Body": BytesIO(json.dumps({"index": int(Key.removeprefix("run=r1/candidates/")[0])}).encode())}


@pytest.fixture
def evaluation() -> Evaluation:
    return evaluation_of(GIVEN, at_once=2)


def counts(evaluation: Evaluation) -> tuple[float, float]:
    progress = evaluation.progress()
    return progress.done, progress.total


def test_the_total_counts_every_candidate_on_as_many_records_as_there_are(evaluation: Evaluation) -> None:
    assert counts(evaluation) == (0, 30)


def test_the_candidates_that_are_evaluated_now_are_named(evaluation: Evaluation) -> None:
    assert evaluation.progress().note == "extractive-lead extractive + small zero-shot"
    evaluation.look(Bucket("run=r1/candidates/0-extractive-lead-extractive.json"))
    assert evaluation.progress().note == "small zero-shot + small few-shot"


def test_without_a_limit_all_that_are_not_done_are_named() -> None:
    assert evaluation_of(GIVEN, at_once=0).progress().note.count("+") == 2


def test_answers_of_models_and_finished_candidates_add_up(evaluation: Evaluation) -> None:
    evaluation.answered = 7
    evaluation.look(Bucket("run=r1/candidates/0-extractive-lead-extractive.json"))

    assert counts(evaluation) == (17, 30)


def test_a_candidate_is_done_when_its_result_is_there_not_its_predictions(evaluation: Evaluation) -> None:
    assert not evaluation.look(Bucket("run=r1/candidates/1-small-zero-shot.predictions.jsonl"))
    assert evaluation.look(Bucket("run=r1/candidates/1-small-zero-shot.json")) == [{"index": 1}]
    assert not evaluation.look(Bucket("run=r1/candidates/1-small-zero-shot.json"))


def test_refused_records_do_not_keep_the_count_below_what_is_done(evaluation: Evaluation) -> None:
    evaluation.answered = 8
    evaluation.look(Bucket("run=r1/candidates/1-small-zero-shot.json"))

    assert counts(evaluation) == (10, 30)


def test_records_that_were_asked_twice_do_not_lift_the_count_above_the_total(evaluation: Evaluation) -> None:
    evaluation.answered = 25

    assert counts(evaluation) == (20, 30)


def test_the_key_of_a_result_is_the_one_that_the_function_writes(evaluation: Evaluation) -> None:
    written = Candidate(1, "small", "m", "bedrock", "zero-shot", 0, TimePrice(0.1))

    assert evaluation.candidates[1].key == written.name
