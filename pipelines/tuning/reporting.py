"""The evaluation's files, out of what the models did: figures with their intervals, the verdict, every answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.tuning.blind import blind_scores
from pipelines.tuning.by_label import by_label
from pipelines.tuning.gate import FEWEST_EXAMPLES, Evidence, Verdict, judge
from pipelines.tuning.intervals import LEVEL, Interval, of_reduction
from pipelines.tuning.measured import Measured, held_general, held_slices
from pipelines.tuning.outcome import Outcome
from pipelines.tuning.settings import Limits
from pipelines.tuning.verdicts import Held

# The service ends a pipeline with a message of so many characters at most.
LONGEST_MESSAGE = 900
MOST_LEAKS = 100


def evaluation_report(measured: Measured) -> dict[str, Any]:
    """Give what `evaluation.json` holds."""
    base, tuned, settings = measured.base, measured.tuned, measured.settings
    slices, general = held_slices(measured) if measured.test else [], held_general(measured)
    evidence = evidence_of(measured, [held for _, held in slices] + [general])
    verdict = judge(evidence, settings.limits)
    return {
        "metric": evidence.metric,
        "higher_is_better": evidence.higher_is_better,
        "labels": measured.metric.labels,
        "examples": evidence.examples,
        "base": _model(measured, base, evidence.metric),
        "tuned": _model(measured, tuned, evidence.metric),
        "champion": _champion(measured, evidence.metric),
        "objective": measured.gain.document(),
        "loss_reduction": evidence.loss_reduction.value,
        "loss_reduction_ci": evidence.loss_reduction.ci,
        "difference": _difference(evidence.difference),
        "blind": evidence.blind,
        "slices": [{"kind": kind, **_held(held)} for kind, held in slices],
        "general": _general(measured, general),
        "leak": _leak(measured),
        "gate": _gate(verdict, evidence, settings.limits),
        "records": asdict(measured.census),
        "max_output_tokens": settings.max_output_tokens,
    }


def evidence_of(measured: Measured, held: list[Held]) -> Evidence:
    """Give what the verdict rests on: the metric of answers, or the perplexity of texts, and what was trained for."""
    metric, base, tuned, gain = measured.metric, measured.base, measured.tuned, measured.gain
    if measured.test:
        name, higher, difference = metric.name, metric.higher_is_better, measured.difference(base)
        texts = [record.text.removeprefix(measured.beginning) for record in measured.records]
        blind = blind_scores(metric, measured.references, texts)
    else:
        name, higher, difference, blind = gain.measure, gain.higher_is_better, gain.change, {}
    return Evidence(
        metric=name,
        higher_is_better=higher,
        examples=gain.records,
        base=base.value,
        tuned=tuned.value,
        difference=difference,
        loss_reduction=of_reduction(base.losses, tuned.losses, measured.settings.seed),
        blind=blind,
        held=held,
        leaks=[leak.words for leak in measured.leaks.leaks],
        gain=gain,
        # What perplexity is low enough depends on the texts: the base model's is what there is to go by.
        floored=bool(measured.test),
    )


def _model(measured: Measured, outcome: Outcome, metric: str) -> dict[str, Any]:
    # The gate reads `value`, whatever the metric is called.
    value = outcome.value.value
    figures = {"loss": outcome.loss, "value": value, metric: value, "ci": outcome.value.ci}
    if measured.metric.labels:
        figures["by_label"] = by_label(measured.metric.labels, measured.references, outcome.answers)
    return figures


def _champion(measured: Measured, metric: str) -> dict[str, Any]:
    outcome = measured.champion.outcome
    if outcome is None:
        return {"note": measured.champion.note}
    if not measured.test:
        return {**_model(measured, outcome, metric), "note": measured.champion.note}
    difference = _difference(measured.difference(outcome))
    return {**_model(measured, outcome, metric), "difference": difference, "note": measured.champion.note}


def _difference(interval: Interval) -> dict[str, Any]:
    return {"value": interval.value, "ci": interval.ci, "level": LEVEL}


def _held(held: Held) -> dict[str, Any]:
    return {
        "name": held.name,
        "examples": held.examples,
        "base": {"value": held.base.value, "ci": held.base.ci},
        "tuned": {"value": held.tuned.value, "ci": held.tuned.ci},
        "difference": _difference(held.difference),
        "verdict": held.verdict,
        "words": held.words,
    }


def _general(measured: Measured, held: Held) -> dict[str, Any]:
    base, tuned = measured.base.general, measured.tuned.general
    accuracies = {"base": base.accuracy, "tuned": tuned.accuracy} if base and tuned else {}
    return {**_held(held), "accuracy": accuracies, "tolerance": measured.settings.limits.general_tolerance}


def _leak(measured: Measured) -> dict[str, Any]:
    found = measured.leaks
    return {
        "train_records": found.train_records,
        "similarity": measured.settings.leak_similarity,
        "shingle_words": measured.settings.shingle_words,
        "count": len(found.leaks),
        "records": [
            {
                "record_id": leak.test.record_id,
                "place": leak.test.place,
                "train_record_id": leak.train.record_id,
                "train_place": leak.train.place,
                "similarity": round(leak.similarity, 4),
            }
            for leak in found.leaks[:MOST_LEAKS]
        ],
    }


def _gate(verdict: Verdict, evidence: Evidence, limits: Limits) -> dict[str, Any]:
    said = ". ".join(f"{reason[0].upper()}{reason[1:]}" for reason in verdict.reasons)
    return {
        "verdict": verdict.word,
        "message": said if len(said) <= LONGEST_MESSAGE else f"{said[: LONGEST_MESSAGE - 1]}…",
        "margin": verdict.margin,
        "loss_reduction_low": evidence.loss_reduction.low,
        "examples": evidence.examples,
        "fewest_examples": FEWEST_EXAMPLES,
        "needed": verdict.needed,
        "limits": asdict(limits),
        "reasons": verdict.reasons,
        "notes": verdict.notes,
    }


def predictions(measured: Measured) -> list[dict[str, Any]]:
    """Give one object by example, for whoever wants to see the figures in words."""
    models = {"base": measured.base, "tuned": measured.tuned}
    if measured.champion.outcome is not None:
        models["champion"] = measured.champion.outcome
    return [
        {
            "record_id": example.record.record_id,
            "prompt": example.record.messages[-2]["content"],
            "reference": example.record.reference,
            **{name: outcome.answers[place] for name, outcome in models.items()},
            **{f"{name}_score": outcome.scores[place] for name, outcome in models.items()},
        }
        for place, example in enumerate(measured.test)
    ]


# What the pipeline's condition reads: a file of its own, small whatever the report has.
OF_CONDITION = ("verdict", "message", "margin", "loss_reduction_low", "examples")


def write(folder: Path, report: dict[str, Any], lines: Sequence[dict[str, Any]]) -> None:
    """Write the files whole or not at all, the gate's last: whoever sees it finds the others too.

    A figure that is no number is an error here, and no file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gate = {name: report["gate"][name] for name in OF_CONDITION}
    texts = {
        "predictions.jsonl": "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines),
        "evaluation.json": json.dumps(report, indent=2, allow_nan=False) + "\n",
        "gate.json": json.dumps(gate, indent=2, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        unfinished = folder / f".{name}"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(folder / name)
