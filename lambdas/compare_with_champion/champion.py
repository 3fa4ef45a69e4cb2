"""Whom the tuned model is compared with, and that opponent's answers to the same test records."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.compare_with_champion.evaluation import Evaluation, predictions_key, read_predictions
from lambdas.shared import s3
from lambdas.shared.extractive import best_sentence
from lambdas.shared.figures import Interval
from lambdas.shared.prompts import text_of
from lambdas.shared.run import Run
from lambdas.shared.targets import BedrockTarget, ExtractiveTarget, SageMakerTarget

# With fewer records in common than this, the champion's stored answers say too little.
MINIMUM_SHARED = 20
BASE = "base"


@dataclass(frozen=True)
class Opponent:
    """A model to compare with.

    Attributes:
        answers: by record id, for the records that both models answered.
        note: why this is not the champion, or an empty string.
        difference: the evaluation's own, where it asked this model too: one difference has one interval.
    """

    kind: str
    run_id: str | None
    answers: dict[str, str]
    note: str = ""
    difference: Interval | None = None

    @property
    def is_base(self) -> bool:
        """Whether it is the base model, which stands in for a champion."""
        return self.kind == BASE

    @property
    def name(self) -> str:
        """What a message calls it."""
        return "the base model" if self.is_base else f"the champion of run {self.run_id}"


def find_opponent(bucket: str, run: Run, evaluation: Evaluation) -> Opponent:
    """Give the champion with its answers to this run's test records, or the base model and why."""
    champion = run.champion
    if champion is None:
        return _base(evaluation, "There is no champion yet.")
    if isinstance(champion, ExtractiveTarget):
        return Opponent(champion.kind, champion.run_id, _extractive_answers(run, evaluation))
    if isinstance(champion, BedrockTarget) and champion.serving is None:
        return _base(evaluation, f"The champion {champion.label} has not answered the test records.")
    return _tuned(bucket, champion, evaluation)


def _tuned(bucket: str, champion: SageMakerTarget | BedrockTarget, evaluation: Evaluation) -> Opponent:
    if evaluation.champion_difference is not None:
        asked = {record_id: p.champion for record_id, p in evaluation.predictions.items() if p.champion is not None}
        return Opponent(champion.kind, champion.run_id, asked, difference=evaluation.champion_difference)
    key = predictions_key(champion.run_id)
    if key not in s3.keys(bucket, key):
        return _base(evaluation, f"The champion's predictions are gone (s3://{bucket}/{key}).")
    wanted = evaluation.predictions
    answers = {
        prediction.record_id: prediction.tuned
        for prediction in read_predictions(bucket, champion.run_id)
        if prediction.record_id in wanted
    }
    if len(answers) < MINIMUM_SHARED:
        return _base(
            evaluation,
            f"The champion of run {champion.run_id} answered {len(answers)} of these {len(wanted)} records; "
            f"{MINIMUM_SHARED} are needed.",
        )
    return Opponent(champion.kind, champion.run_id, answers)


def _base(evaluation: Evaluation, note: str) -> Opponent:
    answers = {record_id: p.base for record_id, p in evaluation.predictions.items()}
    note = f"{note} The base model stands in for it."
    return Opponent(BASE, None, answers, note, difference=evaluation.difference)


def _extractive_answers(run: Run, evaluation: Evaluation) -> dict[str, str]:
    return {
        record_id: best_sentence(text_of(p.prompt, run.instruction)) for record_id, p in evaluation.predictions.items()
    }
