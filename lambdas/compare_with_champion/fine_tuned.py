"""What the pipeline execution left behind: the registered model package and the trained artifact."""

from __future__ import annotations

from lambdas.shared import aws
from lambdas.shared.errors import EvaluationIncomplete
from lambdas.shared.pipeline import PipelineStep, pipeline_steps


def fine_tuned_model(execution_arn: str) -> dict[str, object]:
    """Give the model package, the artifact's address and the training job of an execution.

    Raises:
        EvaluationIncomplete: the execution trained or registered nothing.
    """
    steps = pipeline_steps(execution_arn)
    package = next((step.model_package_arn for step in steps if step.model_package_arn), "")
    job = next((_training_job(step) for step in steps if step.job_kind in ("TrainingJob", "TuningJob")), "")
    if not package or not job:
        missing = "registered no model package" if job else "ran no training job"
        raise EvaluationIncomplete(
            f"The pipeline execution {missing}", where=execution_arn, remedy="Look at its steps and start a new run."
        )
    training = aws.client("sagemaker").describe_training_job(TrainingJobName=job)
    return {
        "model_package_arn": package,
        "model_data_url": str(training["ModelArtifacts"]["S3ModelArtifacts"]),
        "training_job_name": job,
    }


def _training_job(step: PipelineStep) -> str:
    """Give the job that made the model: of a search, the best trial."""
    if step.job_kind == "TrainingJob":
        return step.job_name
    search = aws.client("sagemaker").describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=step.job_name)
    return str(search.get("BestTrainingJob", {}).get("TrainingJobName", ""))
