"""The card's content by the schema of model packages: every text cut to what the schema allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.shared.fields import Fields
from lambdas.shared.run import Run
from lambdas.write_model_card.cost import Rate, cost_of

LINE, LONG, OBSERVATION, NAME = 1024, 2048, 2096, 255
# What the training toolkit, and a search, add to the hyperparameters for themselves.
ADDED = ("sagemaker_", "_tuning_")
CODE = "sagemaker_submit_directory"


@dataclass(frozen=True)
class Facts:
    """All that a card is made of.

    Attributes:
        training: the answer of DescribeTrainingJob.
        report: `evaluation.json`.
        comparison: the result of compare_with_champion.
        searched: parameters of the pipeline whose values a search chose, whatever the run gave.
    """

    run: Run
    creator: str
    training: Mapping[str, Any]
    evaluation_job_arn: str
    report: Fields
    report_sha256: str
    manifest_uri: str
    manifest_sha256: str
    comparison: Fields
    rate: Rate | None
    searched: frozenset[str] = frozenset()


def card_of(facts: Facts) -> dict[str, Any]:
    """Give the card's content."""
    run, report = facts.run, facts.report
    return {
        "model_overview": {
            "model_creator": facts.creator[:LINE],
            "model_artifact": [str(facts.training["ModelArtifacts"]["S3ModelArtifacts"])],
        },
        "intended_uses": {
            "purpose_of_model": f"{run.task_kind}: {run.instruction}"[:LONG],
            "intended_uses": f"Texts like those of the data set {run.dataset}.",
            "risk_rating": "Unknown",
            "explanations_for_risk_rating": "Nobody has rated it.",
        },
        "training_details": {
            "training_observations": _loss(report),
            "training_job_details": _training_job(facts),
        },
        "evaluation_details": [_evaluation(facts)],
        "additional_information": {
            "caveats_and_recommendations": _caveats(facts)[:LONG],
            "custom_details": {name: value[:LINE] for name, value in _details(facts).items()},
        },
    }


def _loss(report: Fields) -> str:
    base, tuned = report.fields("base").number("loss"), report.fields("tuned").number("loss")
    low, high = report.numbers("loss_reduction_ci", 2)
    return (
        f"Loss on the test split {base:.4f} before and {tuned:.4f} after: lower by the fraction "
        f"{report.number('loss_reduction'):.3f} (95 % interval {low:.3f} to {high:.3f})."
    )


def _training_job(facts: Facts) -> dict[str, Any]:
    training, tuning = facts.training, facts.run.tuning
    own = {n: v for n, v in sorted(training["HyperParameters"].items()) if not n.startswith(ADDED)}
    channels = {c["ChannelName"]: c["DataSource"]["S3DataSource"]["S3Uri"] for c in training["InputDataConfig"]}
    return {
        "training_arn": str(training["TrainingJobArn"]),
        "training_datasets": [str(channels[name]) for name in sorted(channels) if name != "model"],
        "training_environment": {"container_image": [str(training["AlgorithmSpecification"]["TrainingImage"])]},
        "hyper_parameters": [{"name": name, "value": str(value)[:NAME]} for name, value in own.items()],
        "user_provided_hyper_parameters": [
            {"name": name, "value": value[:NAME]}
            for name, value in sorted(tuning.items())
            if value and name not in facts.searched
        ],
    }


def _evaluation(facts: Facts) -> dict[str, Any]:
    report, run = facts.report, facts.run
    gate = report.fields("gate")
    job = {"evaluation_job_arn": facts.evaluation_job_arn} if facts.evaluation_job_arn else {}
    return {
        "name": "test split",
        "evaluation_observation": (
            f"{report.integer('examples')} examples that training never saw. The quality gate: {gate.text('verdict')}."
        ),
        **job,
        "datasets": [run.tuning["TestData"]],
        "metadata": {
            "metric": report.text("metric"),
            # Texts without answers are measured by another metric, and no floor is asked of it.
            **({"floor": f"{run.floor:g}"} if report.text("metric") == run.metric else {}),
            "evaluation_sha256": facts.report_sha256,
            "train_records_searched_for_test_records": str(report.fields("leak").integer("train_records")),
        },
        "metric_groups": [
            {"name": report.text("metric"), "metric_data": list(_figures(facts))},
            *_objective(report),
            {"name": "slices", "metric_data": [_part(part) for part in report.items("slices")]},
            {"name": "general questions", "metric_data": [_part(report.fields("general"))]},
        ],
    }


def _figures(facts: Facts) -> Iterator[dict[str, Any]]:
    report, compared, metric = facts.report, facts.comparison, facts.report.text("metric")
    for model in ("base", "tuned"):
        part = report.fields(model)
        yield _metric(f"{model} {metric}", part.number("value"), part.numbers("ci", 2))
        yield {"name": f"{model} loss", "type": "number", "value": part.number("loss")}
    gained = report.fields("difference")
    yield _metric("tuned minus base", gained.number("value"), gained.numbers("ci", 2))
    opponent = compared.fields("champion").text("kind")
    # The comparison's difference is positive where the tuned model is the better one.
    named = f"tuned better than champion ({opponent}) by"
    yield _metric(named, compared.number("difference"), compared.numbers("ci", 2))
    for name in sorted(report.fields("blind")):
        yield {"name": name[:NAME], "type": "number", "value": report.fields("blind").number(name)}


def _objective(report: Fields) -> Iterator[dict[str, Any]]:
    """What training was to make better, where that is another figure than the metric, such as preferences."""
    if "objective" not in report or (own := report.fields("objective")).text("measure") == report.text("metric"):
        return
    measure, change = own.text("measure"), own.fields("difference")
    figures = [
        {"name": f"{model} {measure}", "type": "number", "value": own.number(model)} for model in ("base", "tuned")
    ]
    change_of_it = _metric(f"tuned minus base {measure}", change.number("value"), change.numbers("ci", 2))
    yield {"name": f"objective {own.text('name')}", "metric_data": [*figures, change_of_it]}


def _part(part: Fields) -> dict[str, Any]:
    """A slice, or the general questions: the tuned model's figure, and in the notes what was decided."""
    tuned = part.fields("tuned")
    entry = _metric(part.text("name"), tuned.number("value"), tuned.numbers("ci", 2))
    return {
        **entry,
        "notes": f"{part.text('verdict')}; {part.integer('examples')} examples; {part.text('words')}"[:LINE],
    }


def _metric(name: str, value: float, bounds: tuple[float, ...]) -> dict[str, Any]:
    notes = f"95 % interval {bounds[0]:.4f} to {bounds[1]:.4f}"
    return {"name": name[:NAME], "type": "number", "value": value, "notes": notes}


def _caveats(facts: Facts) -> str:
    notes = facts.report.fields("gate").texts("notes")
    said = "\n".join(f"- {note}" for note in notes) or "- The evaluation noted none."
    return f"What the evaluation could not tell:\n{said}"


def _details(facts: Facts) -> dict[str, str]:
    run, training = facts.run, facts.training
    return {
        "run_id": run.run_id,
        "data_manifest": facts.manifest_uri,
        "data_manifest_sha256": facts.manifest_sha256,
        # Its name is the hash of its content: the very code that trained, whatever has been committed since.
        "training_code": str(training["HyperParameters"][CODE]).strip('"'),
        "base_model": run.tuning["BaseModel"],
        "training_cost": cost_of(training, facts.rate),
        # Empty where the model in use was compared with, and no other stood in for it.
        "comparison": str(facts.comparison.fields("champion").as_dict().get("note") or "with the model in use"),
    }
