"""Say why fine-tuning failed: the step, the reason, the last lines of the job's log, and where that log is.

Event: ``{"run", "pipeline_execution_arn"}``. Result: none, it always raises.
Errors: FineTuneFailed, QualityGateFailed (the jobs worked, the tuned model is not good enough).
Environment: none.
IAM: sagemaker:DescribePipelineExecution and sagemaker:ListPipelineExecutionSteps on the pipeline's executions;
sagemaker:DescribeTrainingJob and sagemaker:DescribeProcessingJob on their jobs; where settings search
hyperparameters sagemaker:DescribeHyperParameterTuningJob and
sagemaker:ListTrainingJobsForHyperParameterTuningJob on their tuning jobs; logs:DescribeLogStreams and
logs:GetLogEvents on /aws/sagemaker/TrainingJobs and /aws/sagemaker/ProcessingJobs.
"""

from __future__ import annotations

from dataclasses import replace

from lambdas.explain_pipeline_failure.job_log import JobLog, read_job_log
from lambdas.shared import aws, log
from lambdas.shared.errors import FunctionError
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.pipeline import PipelineStep, pipeline_steps
from lambdas.shared.run import run_of


class FineTuneFailed(FunctionError):
    """A step of the pipeline failed, or the pipeline was stopped."""


class QualityGateFailed(FunctionError):
    """The tuned model did not clear the pipeline's quality gate."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Find the failing step and raise what it says."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    arn = fields.text("pipeline_execution_arn")
    execution = aws.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
    status = str(execution["PipelineExecutionStatus"])
    failed = [step for step in pipeline_steps(arn) if step.status == "Failed"]
    if not failed:
        reason = execution.get("FailureReason", "no reason given")
        raise FineTuneFailed(
            f"The pipeline execution is {status} and no step failed: {reason}",
            where=arn,
            remedy="Someone stopped it, or it was refused before its first step; start a new run.",
        )
    raise _failure(failed[0], arn)


def _failure(step: PipelineStep, arn: str) -> FunctionError:
    if step.stated_failure:
        return QualityGateFailed(
            f"{step.name}: {step.stated_failure}",
            where=arn,
            remedy="Nothing was registered; correct the settings and start a new run.",
        )
    if not step.job_name:
        return FineTuneFailed(
            f"Step {step.name} failed: {step.failure_reason or 'no reason given'}",
            where=arn,
            remedy="Correct the cause and start a new run.",
        )
    if step.job_kind == "TuningJob":
        return _search_failure(step)
    reason = job_failure_reason(step) or step.failure_reason or "no reason given"
    return FineTuneFailed(
        f"Step {step.name} failed: {reason}\n{_tail(read_job_log(step, reason))}",
        where=f"{step.job_kind} {step.job_name}",
        remedy="Correct the cause and start a new run.",
    )


def _search_failure(step: PipelineStep) -> FineTuneFailed:
    """A search fails because no trial came to anything: the first that failed says why."""
    client, name = aws.client("sagemaker"), step.job_name
    search = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    reason = str(search.get("FailureReason", "")) or step.failure_reason or "no reason given"
    failed = client.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, StatusEquals="Failed", SortBy="CreationTime", SortOrder="Ascending"
    )["TrainingJobSummaries"]
    if not failed:
        return FineTuneFailed(
            f"Step {step.name} failed: {reason}",
            where=f"TuningJob {name}",
            remedy="Look at its training jobs, correct the cause and start a new run.",
        )
    trial = replace(step, job_kind="TrainingJob", job_name=str(failed[0]["TrainingJobName"]))
    why = str(failed[0].get("FailureReason", "no reason given"))
    return FineTuneFailed(
        f"Step {step.name} failed: {reason} {len(failed)} failed, the first with: "
        f"{why}\n{_tail(read_job_log(trial, why))}",
        where=f"TuningJob {name}, TrainingJob {trial.job_name}",
        remedy="Correct the cause and start a new run.",
    )


def job_failure_reason(step: PipelineStep) -> str:
    """Ask the job itself why it failed."""
    client = aws.client("sagemaker")
    if step.job_kind == "TrainingJob":
        job = client.describe_training_job(TrainingJobName=step.job_name)
    else:
        job = client.describe_processing_job(ProcessingJobName=step.job_name)
    return str(job.get("FailureReason", ""))


def _tail(job_log: JobLog) -> str:
    if not job_log.lines:
        return f"The job wrote no log ({job_log.place})"
    return "The log ends:\n" + "\n".join(job_log.lines) + f"\nThe whole log: {job_log.place}"
