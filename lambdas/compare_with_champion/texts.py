"""The comparison of a model that learned texts alone: nothing is answered, so the evaluation's perplexities are all.

Of a perplexity lower is better. So that every comparison reads alike, `difference` is by how much it fell: above zero
the tuned model is the better one.
"""

from __future__ import annotations

from lambdas.compare_with_champion.evaluation import MINIMUM_RECORDS, PASSED, REMEDY
from lambdas.shared import s3
from lambdas.shared.errors import EvaluationIncomplete
from lambdas.shared.fields import Fields
from lambdas.shared.run import Run

OBJECTIVE = "continued-pretraining"
MEASURE = "perplexity"
NOTE = "Texts are learned, and not answered: the model was compared with its base model."


def learns_texts(run: Run) -> bool:
    """Whether a run's training learns texts alone; Bedrock has an objective of its own, and answers are compared."""
    return run.tuning_service == "sagemaker" and run.tuning.get("Objective") == OBJECTIVE


def compared_texts(bucket: str, run: Run) -> dict[str, object]:
    """Give the comparison of a run's tuned model with its base model.

    Raises:
        EvaluationIncomplete: a figure is missing, or the gate's verdict is another than passed.
    """
    key = f"{run.models_prefix}evaluation/evaluation.json"
    document, _ = s3.document(bucket, key, EvaluationIncomplete)
    report = Fields(document, f"s3://{bucket}/{key}", EvaluationIncomplete, REMEDY)
    gate = report.fields("gate")
    if (verdict := gate.text("verdict")) != PASSED:
        raise report.complaint(f"The quality gate's verdict is {verdict!r}, and nothing of it may be deployed")
    if report.text("metric") != MEASURE:
        raise report.complaint(f"The metric is {report.text('metric')}, and texts are measured by {MEASURE}")
    base, tuned, change = report.fields("base"), report.fields("tuned"), report.fields("difference")
    low, high = change.numbers("ci", 2)
    return {
        "metric": MEASURE,
        "champion": {"kind": "base", "run_id": None, "value": base.number(MEASURE, minimum=1), "note": NOTE},
        "challenger": {
            "value": tuned.number(MEASURE, minimum=1),
            "run_id": run.run_id,
            "loss": tuned.number("loss", minimum=0),
            "loss_reduction": report.number("loss_reduction"),
        },
        "base": {"value": base.number(MEASURE, minimum=1), "loss": base.number("loss", minimum=0)},
        "difference": -change.number("value"),
        "ci": [-high, -low],
        "level": change.number("level", minimum=0, maximum=1),
        "examples": report.integer("examples", minimum=MINIMUM_RECORDS),
        "better": high < 0,
        "undecided": gate.texts("notes") if "notes" in gate else [],
    }
