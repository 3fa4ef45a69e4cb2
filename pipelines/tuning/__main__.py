"""Evaluate a tuned model beside its base model, on examples that training never saw. A SageMaker processing job.

In: `base` (a Hugging Face checkpoint), `model` (the training job's model.tar.gz), `test` (curated records).
Out: `evaluation.json` (the figures that the quality gate reads) and `predictions.jsonl` (every answer).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

# As in training, and just as early.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pipelines.tuning import libraries

if __name__ == "__main__":
    libraries.load()

import numpy as np
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import archive, checkpoint, examples, generation, held_out, methods, weights
from pipelines.tuning.attention import PACKED
from pipelines.tuning.container import EvaluationFolders, TuningError, failures_explained
from pipelines.tuning.gains import Gain
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.metrics import OF_LABELS, Metric
from pipelines.tuning.objective import Measured, Objective
from pipelines.tuning.objectives import objective_of
from pipelines.tuning.progress import log_figures, log_phase, log_progress
from pipelines.tuning.settings import EvaluationSettings, parse_evaluation

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class Outcome:
    """One model on the test examples: what the objective measures, and its answers, their scores and figure.

    Of texts alone there are no answers.
    """

    measured: Measured
    answers: list[str]
    scores: list[float]
    value: float


def evaluate(settings: EvaluationSettings, folders: EvaluationFolders) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the report and the predictions, as they are then written."""
    hardware = detect()
    log_phase("read examples")
    checkpoint.load_config(folders.base)
    tokenizer = checkpoint.load_tokenizer(folders.base)
    objective = objective_of(settings)
    test, census = held_out.load(
        objective, folders.test, settings.test_examples, tokenizer, settings.max_length, settings.seed
    )
    print(f"test: {census}", flush=True)
    # Texts alone have no answers to measure.
    metric = metric_of(settings, folders) if objective.answers(test) else None
    answer = partial(
        answer_all,
        tokenizer=tokenizer,
        test=test,
        objective=objective,
        metric=metric,
        settings=settings,
        hardware=hardware,
    )

    log_phase("load base model")
    model = checkpoint.load_model(folders.base, hardware, hardware.dtype)
    base = answer("base", model)
    log_phase("merge")
    with tempfile.TemporaryDirectory() as scratch:
        methods.apply(model, archive.unpack_learned(folders.model, Path(scratch)))
    weights.cast(model, hardware.dtype)
    tuned = answer("tuned", model)

    gain = objective.gain(base.measured, tuned.measured, settings.seed, CONFIDENCE_LEVEL)
    report = {
        **figures_of(objective.answers(test), metric, base, tuned, gain, settings.seed),
        "loss_reduction": gain.loss_reduction,
        "objective": gain.document(),
        "records": asdict(census),
        "max_output_tokens": settings.max_output_tokens,
    }
    return report, predictions(objective.answers(test), base, tuned)


def metric_of(settings: EvaluationSettings, folders: EvaluationFolders) -> Metric:
    """Give what the answers are measured by."""
    return Metric(settings.metric, archive.labels_in(folders.model) if settings.metric in OF_LABELS else ())


def answer_all(
    name: str,
    model: PreTrainedModel,
    *,
    tokenizer: PreTrainedTokenizerBase,
    test: Sequence[Any],
    objective: Objective[Any],
    metric: Metric | None,
    settings: EvaluationSettings,
    hardware: Hardware,
) -> Outcome:
    """Measure a model by the objective, let it answer where there is something to answer, and score the answers."""
    model.train(False)
    say = partial(log_progress, model=name)
    model.set_attn_implementation(PACKED)
    measured = objective.measure(model, test, hardware, partial(say, "measure_loss"))
    if not np.isfinite(list(measured.values())).all():
        raise TuningError(f"The {name} model's loss on the test examples is no number: its weights are broken.")
    asked = objective.answers(test)
    if not asked or metric is None:
        return Outcome(measured, [], [], 0.0)
    # Token by token, plain matrix products copy every key and value for each of its query heads: twice the time.
    model.set_attn_implementation("sdpa")
    answers = generation.answers(model, tokenizer, asked, settings.max_output_tokens, hardware, partial(say, "answer"))
    references = [example.record.reference for example in asked]
    scores = [metric.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
    value = metric.value(references, answers)
    log_figures(**{f"{name}_{metric.name}": value})
    return Outcome(measured, answers, scores, value)


def figures_of(
    asked: Sequence[examples.Example], metric: Metric | None, base: Outcome, tuned: Outcome, gain: Gain, seed: int
) -> dict[str, Any]:
    """Give both models' figures by the metric of answers or, where nothing is answered, by the objective's measure.

    The gate reads `value`, whatever the metric is called.
    """
    if not asked or metric is None:
        return {
            "metric": gain.measure,
            "labels": [],
            "examples": gain.records,
            "base": {"loss": gain.base_loss, "value": gain.base, gain.measure: gain.base},
            "tuned": {"loss": gain.tuned_loss, "value": gain.tuned, gain.measure: gain.tuned},
            "difference": {"value": gain.difference, "ci": list(gain.interval), "level": gain.level},
        }
    references = [example.record.reference for example in asked]
    difference, interval = metric.difference(references, base.answers, tuned.answers, seed, CONFIDENCE_LEVEL)
    return {
        "metric": metric.name,
        "labels": metric.labels,
        "examples": len(asked),
        "base": {"loss": gain.base_loss, "value": base.value, metric.name: base.value},
        "tuned": {"loss": gain.tuned_loss, "value": tuned.value, metric.name: tuned.value},
        "difference": {"value": difference, "ci": list(interval), "level": CONFIDENCE_LEVEL},
    }


def predictions(test: Sequence[examples.Example], base: Outcome, tuned: Outcome) -> list[dict[str, Any]]:
    """Give one object by example, for whoever wants to see the figures in words."""
    return [
        {
            "record_id": example.record.record_id,
            "prompt": example.record.messages[-2]["content"],
            "reference": example.record.reference,
            "base": base.answers[i],
            "tuned": tuned.answers[i],
            "base_score": base.scores[i],
            "tuned_score": tuned.scores[i],
        }
        for i, example in enumerate(test)
    ]


def write(folder: Path, report: dict[str, Any], lines: Sequence[dict[str, Any]]) -> None:
    """Write both files whole or not at all, the report last: whoever sees it finds the predictions too."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "predictions.jsonl": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
        "evaluation.json": json.dumps(report, indent=2) + "\n",
    }
    for name, text in texts.items():
        unfinished = folder / f".{name}"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(folder / name)


if __name__ == "__main__":
    with failures_explained():
        places = EvaluationFolders.from_environment()
        write(places.output, *evaluate(parse_evaluation(), places))
