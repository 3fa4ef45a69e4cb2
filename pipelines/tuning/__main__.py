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

    answer = partial(
        answer_all,
        tokenizer=tokenizer,
        objective=objective,
        units=units,
        metric=metric,
        settings=settings,
        hardware=hardware,
    )
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

    test, gain = objective.answers(units), objective.compare(base.figures, tuned.figures, settings.seed, LEVEL)
    measured = Measured(metric, settings, test, records, beginning, census, leaks, base, tuned, rival, gain)
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
    tokenizer: PreTrainedTokenizerBase,
    objective: Objective[Any],
    units: Sequence[Any],
    metric: Metric,
    settings: EvaluationSettings,
    hardware: Hardware,
    beside: Outcome | None = None,
    with_general: bool = True,
) -> Outcome:
    """Measure a model by the objective, put the general questions to it, let it answer, and score the answers.

    `beside` is what the base model did, where this is another one.
    """
    model.train(False)
    say = partial(log_progress, model=name)
    model.set_attn_implementation(PACKED)
    figures = objective.measure(model, units, hardware, partial(say, "measure_loss"))
    losses = objective.losses(figures if beside is None else beside.figures, figures)
    asked = general.ask(model, tokenizer, hardware, partial(say, "general_questions")) if with_general else None
    # Token by token, plain matrix products copy every key and value for each of its query heads: twice the time.
    model.set_attn_implementation("sdpa")
    test = objective.answers(units)
    answers = generation.answers(model, tokenizer, test, settings.max_output_tokens, hardware, partial(say, "answer"))
    outcome = outcome_of(name, test, metric, figures, losses, objective.weight(units), answers, asked, settings.seed)
    log_figures(
        **{f"{name}_loss": outcome.loss, f"{name}_{metric.name if test else 'perplexity'}": outcome.value.value}
    )
    return outcome


if __name__ == "__main__":
    with failures_explained():
        places = EvaluationFolders.from_environment()
        write(places.output, *evaluate(parse_evaluation(), places))
