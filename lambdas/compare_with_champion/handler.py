"""Compare the tuned model with the champion on the same test records, and stop a run that made things worse.

The champion is the approved target. Where it is a tuned model, the evaluation has put these records to it. Where its
answers are not known (there is no champion yet, its base is another, or it is a Bedrock model), the base model stands
in, ``champion.kind`` is ``base`` and ``champion.note`` says why; difference and interval are those of the evaluation.

Event: ``{"run", "pipeline_execution_arn"?}``.
Result: ``{"metric", "champion": {"kind", "run_id", "value", "note"}, "challenger": {"value", "run_id", "loss",
"loss_reduction"}, "base": {"value", "loss"}, "difference", "ci": [low, high], "level", "examples", "better",
"undecided": [words], "fine_tuned"}``; ``undecided`` is what the pipeline's gate could not tell, ``fine_tuned`` is
``{"model_package_arn", "model_data_url", "training_job_name"}``, or null when no pipeline execution was named.
Errors: ChallengerIsWorse, EvaluationIncomplete, InvalidRecord.
Environment: MODELS_BUCKET.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on the models bucket; sagemaker:ListPipelineExecutionSteps on the
pipeline's executions; sagemaker:DescribeTrainingJob on its jobs, and where settings search hyperparameters
sagemaker:DescribeHyperParameterTuningJob on its tuning jobs.
"""

from __future__ import annotations

from lambdas.compare_with_champion.champion import Opponent, find_opponent
from lambdas.compare_with_champion.evaluation import Evaluation, read_evaluation
from lambdas.compare_with_champion.fine_tuned import fine_tuned_model
from lambdas.compare_with_champion.texts import compared_texts, learns_texts
from lambdas.shared import environment, log
from lambdas.shared.errors import FunctionError
from lambdas.shared.figures import Interval
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import Run, run_of


class ChallengerIsWorse(FunctionError):
    """The whole confidence interval of the difference lies below zero."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Compare one run's tuned model with the champion."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    bucket = environment.required("MODELS_BUCKET")
    arn = fields.text("pipeline_execution_arn") if "pipeline_execution_arn" in fields else None
    fine_tuned = fine_tuned_model(arn) if arn else None
    if learns_texts(run):
        return {**compared_texts(bucket, run), "fine_tuned": fine_tuned}
    evaluation = read_evaluation(bucket, run)
    opponent = find_opponent(bucket, run, evaluation)
    references, challenger = _answered(evaluation, opponent)
    champion = list(opponent.answers.values())
    difference = opponent.difference or evaluation.metric.difference(references, challenger, champion)
    if difference.high < 0:
        raise ChallengerIsWorse(
            f"The tuned model's {run.metric} is {-difference.value:.3f} below that of {opponent.name} "
            f"(95% interval {difference.low:.3f} to {difference.high:.3f}, {len(challenger)} records)",
            where=f"s3://{bucket}/{run.models_prefix}evaluation/",
            remedy="Train on more or better examples, or for more epochs; what is deployed stays as it is.",
        )
    return {**_figures(run, evaluation, opponent, difference), "fine_tuned": fine_tuned}


def _answered(evaluation: Evaluation, opponent: Opponent) -> tuple[list[str], list[str]]:
    """Give references and the tuned model's answers of the records that the opponent answered."""
    both = [evaluation.predictions[record_id] for record_id in opponent.answers]
    return [prediction.reference for prediction in both], [prediction.tuned for prediction in both]


def _figures(run: Run, evaluation: Evaluation, opponent: Opponent, difference: Interval) -> dict[str, object]:
    references, challenger = _answered(evaluation, opponent)
    champion = evaluation.metric.value(references, list(opponent.answers.values()))
    return {
        "metric": run.metric,
        "champion": {
            "kind": opponent.kind,
            "run_id": opponent.run_id,
            "value": round(champion, 6),
            "note": opponent.note,
        },
        "challenger": {
            "value": round(evaluation.metric.value(references, challenger), 6),
            "run_id": run.run_id,
            "loss": evaluation.tuned_loss,
            "loss_reduction": evaluation.loss_reduction,
        },
        "base": {"value": evaluation.base_value, "loss": evaluation.base_loss},
        "difference": round(difference.value, 6),
        "ci": [round(difference.low, 6), round(difference.high, 6)],
        "level": difference.level,
        "examples": len(opponent.answers),
        "better": difference.low > 0,
        "undecided": evaluation.undecided,
    }
