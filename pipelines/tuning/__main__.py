"""Evaluate a tuned model beside its base model and the model in use, on examples that training never saw, and judge
whether it may be registered. A SageMaker processing job.

In: `base` (a Hugging Face checkpoint), `model` (the training job's model.tar.gz), `champion` (the same of the model in
use), `test` and `train` (curated records). Out: `evaluation.json` (all figures), `gate.json` (the few that the
pipeline's condition reads) and `predictions.jsonl` (every answer).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

# As in training, and just as early.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pipelines.tuning import libraries

if __name__ == "__main__":
    libraries.load()

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning import archive, champion, checkpoint, general, generation, held_out, methods, weights
from pipelines.tuning.attention import PACKED
from pipelines.tuning.container import EvaluationFolders, failures_explained
from pipelines.tuning.curated import Curated, curated_in, shared_beginning
from pipelines.tuning.examples import Example
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.intervals import LEVEL
from pipelines.tuning.leaks import find
from pipelines.tuning.measured import Measured
from pipelines.tuning.metrics import NAMES, OF_LABELS, Metric
from pipelines.tuning.objective import Objective
from pipelines.tuning.objectives import objective_of
from pipelines.tuning.outcome import Outcome, outcome_of
from pipelines.tuning.progress import log_figures, log_phase, log_progress
from pipelines.tuning.reporting import evaluation_report, predictions, write
from pipelines.tuning.settings import EvaluationSettings, parse_evaluation


@dataclass(frozen=True)
class TestSplit:
    """What every model is put to: the test examples, by what they are measured, and on which machine."""

    units: Sequence[Any]
    objective: Objective[Any]
    metric: Metric
    tokenizer: PreTrainedTokenizerBase
    hardware: Hardware

    @property
    def answers(self) -> list[Example]:
        """The examples that are answered; none of texts alone."""
        return self.objective.answers(self.units)


def evaluate(settings: EvaluationSettings, folders: EvaluationFolders) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Give the report and the predictions, as they are then written."""
    hardware = detect()
    log_phase("read examples")
    checkpoint.load_config(folders.base)
    tokenizer = checkpoint.load_tokenizer(folders.base)
    objective = objective_of(settings)
    units, census = held_out.load(
        objective, folders.test, settings.test_examples, tokenizer, settings.max_length, settings.seed
    )
    print(f"test: {census}", flush=True)
    # Texts alone are not answered: the metric is not asked.
    asked = settings.metric if objective.answers(units) else NAMES[0]
    metric = Metric(asked, archive.labels_in(folders.model) if asked in OF_LABELS else ())
    records, beginning = curated_of(objective.record_ids(units), folders)
    log_phase("look for test records in train")
    leaks = find(records, curated_in(folders.train), beginning, settings.leak_similarity, settings.shingle_words)

    test = TestSplit(units, objective, metric, tokenizer, hardware)
    answer = partial(answer_all, test=test, settings=settings)
    log_phase("load base model")
    model = checkpoint.load_model(folders.base, hardware, hardware.dtype)
    base = answer("base", model)
    log_phase("merge")
    turn_into(model, folders.model, hardware)
    tuned = answer("tuned", model, beside=base)
    del model
    rival = champion.look_into(folders.champion)
    if rival.is_tuned:
        log_phase("load the model in use")
        with champion.explained(rival):
            model = checkpoint.load_model(folders.base, hardware, hardware.dtype)
            turn_into(model, folders.champion, hardware)
            rival.outcome = answer("champion", model, beside=base, with_general=False)

    gain = objective.compare(base.figures, tuned.figures, settings.seed, LEVEL)
    measured = Measured(metric, settings, test.answers, records, beginning, census, leaks, base, tuned, rival, gain)
    return evaluation_report(measured), predictions(measured)


def curated_of(record_ids: Sequence[str], folders: EvaluationFolders) -> tuple[list[Curated], str]:
    """Give the test records as they stand in their files, and what stands before all texts of the split."""
    by_id = {record.record_id: record for record in curated_in(folders.test)}
    return [by_id[record_id] for record_id in record_ids], shared_beginning([r.text for r in by_id.values()])


def turn_into(model: PreTrainedModel, learned: Path, hardware: Hardware) -> None:
    """Turn a base model into the one that was learned."""
    with tempfile.TemporaryDirectory() as scratch:
        methods.apply(model, archive.unpack_learned(learned, Path(scratch)))
    weights.cast(model, hardware.dtype)


def answer_all(
    name: str,
    model: PreTrainedModel,
    *,
    test: TestSplit,
    settings: EvaluationSettings,
    beside: Outcome | None = None,
    with_general: bool = True,
) -> Outcome:
    """Measure a model by the objective, put the general questions to it, let it answer, and score the answers.

    `beside` is what the base model did, where this is another one.
    """
    model.train(False)
    say = partial(log_progress, model=name)
    model.set_attn_implementation(PACKED)
    objective, units, hardware, tokenizer = test.objective, test.units, test.hardware, test.tokenizer
    figures = objective.measure(model, units, hardware, partial(say, "measure_loss"))
    losses = objective.losses(figures if beside is None else beside.figures, figures)
    asked = general.ask(model, tokenizer, hardware, partial(say, "general_questions")) if with_general else None
    # Token by token, plain matrix products copy every key and value for each of its query heads: twice the time.
    model.set_attn_implementation("sdpa")
    asked_of, most = test.answers, settings.max_output_tokens
    answers = generation.answers(model, tokenizer, asked_of, most, hardware, partial(say, "answer"))
    weight = objective.weight(units)
    outcome = outcome_of(name, asked_of, test.metric, figures, losses, weight, answers, asked, settings.seed)
    measure = test.metric.name if asked_of else "perplexity"
    log_figures(**{f"{name}_loss": outcome.loss, f"{name}_{measure}": outcome.value.value})
    return outcome


if __name__ == "__main__":
    with failures_explained():
        places = EvaluationFolders.from_environment()
        write(places.output, *evaluate(parse_evaluation(), places))
