"""Write the model card of the package that the pipeline registered: data, code, settings, figures with intervals, cost.

Whoever approves the model reads it in the registry, so it is written before anybody is asked.

Event: ``{"run", "pipeline_execution_arn", "comparison"}``. Result: ``{"model_package_arn", "status"}``.
Errors: EvaluationIncomplete, InvalidRecord.
Environment: CURATED_BUCKET, MODELS_BUCKET, CREATOR; PRICED_INSTANCE_TYPE and USD_PER_HOUR where a price is known;
SEARCHED_PARAMETERS (names with commas between them) where settings search hyperparameters.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on the curated and models buckets;
sagemaker:ListPipelineExecutionSteps on the pipeline's executions; sagemaker:DescribeTrainingJob on its jobs;
sagemaker:UpdateModelPackage on the group's packages; s3:PutObject and kms:GenerateDataKey on
run=*/evaluation/model_card.json of the models bucket.
"""

from __future__ import annotations

import json

from lambdas.shared import aws, environment, log, s3
from lambdas.shared.errors import EvaluationIncomplete
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.pipeline import pipeline_steps
from lambdas.shared.run import run_of
from lambdas.write_model_card.card import Facts, card_of
from lambdas.write_model_card.cost import Rate, rate_of

STATUS = "PendingReview"
REMEDY = "Start a new run; the evaluation's files were changed or written incompletely."


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Gather the facts and put the card on the package."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    tuned = fields.fields("comparison").fields("fine_tuned")
    package = tuned.text("model_package_arn")
    training = aws.client("sagemaker").describe_training_job(TrainingJobName=tuned.text("training_job_name"))
    steps = pipeline_steps(fields.text("pipeline_execution_arn"))
    bucket = environment.required("MODELS_BUCKET")
    key = f"{run.models_prefix}evaluation/evaluation.json"
    report, report_sha256 = s3.document(bucket, key, EvaluationIncomplete)
    manifest = f"{run.curated_prefix}manifest.json"
    facts = Facts(
        run=run,
        creator=environment.required("CREATOR"),
        training=training,
        evaluation_job_arn=next((step.job_arn for step in steps if step.job_kind == "ProcessingJob"), ""),
        report=Fields(report, f"s3://{bucket}/{key}", EvaluationIncomplete, REMEDY),
        report_sha256=report_sha256,
        manifest_uri=f"s3://{environment.required('CURATED_BUCKET')}/{manifest}",
        manifest_sha256=s3.sha256(environment.required("CURATED_BUCKET"), manifest),
        comparison=fields.fields("comparison"),
        rate=_rate(),
        searched=frozenset(environment.optional("SEARCHED_PARAMETERS").split(",")),
    )
    content = card_of(facts)
    card = {"ModelCardContent": json.dumps(content, ensure_ascii=False), "ModelCardStatus": STATUS}
    aws.client("sagemaker").update_model_package(ModelPackageArn=package, ModelCard=card)
    # Beside the evaluation too: the run's lineage then has its hash, and whoever may read the bucket reads it.
    s3.write_document(bucket, f"{run.models_prefix}evaluation/model_card.json", content)
    return {"model_package_arn": package, "status": STATUS}


def _rate() -> Rate | None:
    return rate_of(environment.optional("PRICED_INSTANCE_TYPE"), environment.optional("USD_PER_HOUR"))
