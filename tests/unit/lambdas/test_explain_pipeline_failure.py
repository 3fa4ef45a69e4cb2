"""A failed fine-tuning says which step, why, how the log ends and where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.explain_pipeline_failure.handler import FineTuneFailed, QualityGateFailed, handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fourfold-dev-fine-tune/execution/abc123def456"
JOBS = "arn:aws:sagemaker:eu-west-1:123456789012"
TRAINING = {"TrainingJob": {"Arn": f"{JOBS}:training-job/pipelines-abc-FineTune-x1"}}
PROCESSING = {"ProcessingJob": {"Arn": f"{JOBS}:processing-job/pipelines-abc-Evaluate-x2"}}
Explain = Callable[..., None]


@pytest.fixture
def explain(cloud: Cloud, context: Context, run: dict[str, Any]) -> Explain:
    """Explain an execution with these steps, listed on two pages."""

    def start(*steps: dict[str, Any], status: str = "Failed", reason: str = "") -> None:
        def page(params: Any) -> dict[str, Any]:
            assert params["SortOrder"] == "Ascending"
            if "NextToken" in params:
                return {"PipelineExecutionSteps": list(steps[1:])}
            return {"PipelineExecutionSteps": list(steps[:1]), "NextToken": "more"}

        cloud.on("sagemaker", "ListPipelineExecutionSteps", page)
        cloud.on(
            "sagemaker",
            "DescribePipelineExecution",
            lambda _: {"PipelineExecutionStatus": status} | ({"FailureReason": reason} if reason else {}),
        )
        handle({"run": run, "pipeline_execution_arn": ARN}, context)

    return start


@pytest.fixture
def job(cloud: Cloud) -> Callable[..., None]:
    """Make the services know a failed job and its log streams."""

    def make(operation: str, answer: dict[str, Any], streams: dict[str, list[str]]) -> None:
        cloud.on("sagemaker", operation, lambda _: answer)
        cloud.on(
            "logs",
            "DescribeLogStreams",
            lambda _: {
                "logStreams": [
                    {"logStreamName": name, "lastEventTimestamp": 100 + place} for place, name in enumerate(streams)
                ]
            },
        )
        cloud.on(
            "logs",
            "GetLogEvents",
            lambda p: {"events": [{"message": f"{line}\n"} for line in streams[p["logStreamName"]]]},
        )

    return make


def training_job(reason: str) -> dict[str, Any]:
    return {
        "TrainingJobName": "j",
        "TrainingJobArn": TRAINING["TrainingJob"]["Arn"],
        "ModelArtifacts": {"S3ModelArtifacts": "s3://m/model.tar.gz"},
        "TrainingJobStatus": "Failed",
        "SecondaryStatus": "Failed",
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "ResourceConfig": {"VolumeSizeInGB": 1},
        "StoppingCondition": {},
        "CreationTime": 0,
        "FailureReason": reason,
    }


def test_a_failed_training_says_its_reason_and_how_its_newest_log_ends(
    explain: Explain, job: Any, cloud: Cloud
) -> None:
    job(
        "DescribeTrainingJob",
        training_job("AlgorithmError: exit code 1"),
        {
            "pipelines-abc-FineTune-x1/algo-1-100": ["first attempt"],
            "pipelines-abc-FineTune-x1/algo-1-200": ["step 3", "CUDA out of memory" + "!" * 1000],
        },
    )

    with pytest.raises(FineTuneFailed) as caught:
        explain({"StepName": "FineTune", "StepStatus": "Failed", "FailureReason": "ClientError", "Metadata": TRAINING})

    text = str(caught.value)
    assert text.startswith("Step FineTune failed: AlgorithmError: exit code 1\nThe log ends:\nstep 3\nCUDA out of")
    assert "first attempt" not in text
    assert "The whole log: log group /aws/sagemaker/TrainingJobs, stream pipelines-abc-FineTune-x1/algo-1-200" in text
    assert "TrainingJob pipelines-abc-FineTune-x1" in text
    assert len(text) < 1000
    (asked,) = cloud.called("logs", "GetLogEvents")
    assert asked["startFromHead"] is False


HOSTS = {
    "pipelines-abc-FineTune-x1/algo-1-100": ["the first attempt of algo-1"],
    "pipelines-abc-FineTune-x1/algo-1-200": ["algo-1 speaks"],
    "pipelines-abc-FineTune-x1/algo-2-200": ["algo-2 speaks"],
    "pipelines-abc-FineTune-x1/algo-10-200": ["algo-10 speaks last"],
}


@pytest.mark.parametrize(
    ("reason", "host", "why"),
    [
        ("AlgorithmError: exit code 1 on algo-2", "algo-2", "algo-2 of 3 hosts, which the reason names"),
        ("AlgorithmError: exit code 1", "algo-1", "algo-1 of 3 hosts, the first: the reason names none"),
        # A host that left no log is no answer.
        ("AlgorithmError: algo-3 is gone", "algo-1", "algo-1 of 3 hosts, the first"),
    ],
)
def test_of_several_hosts_the_one_that_failed_is_quoted_and_not_the_one_that_spoke_last(
    explain: Explain, job: Any, reason: str, host: str, why: str
) -> None:
    job("DescribeTrainingJob", training_job(reason), HOSTS)

    with pytest.raises(FineTuneFailed) as caught:
        explain({"StepName": "FineTune", "StepStatus": "Failed", "Metadata": TRAINING})

    assert f"The log ends:\n{host} speaks\n" in str(caught.value)
    assert f"stream pipelines-abc-FineTune-x1/{host}-200 ({why}" in str(caught.value)


SEARCH = {"TuningJob": {"Arn": f"{JOBS}:hyper-parameter-tuning-job/abc-FineTune-x1"}}


def test_a_search_that_came_to_nothing_says_why_its_first_trial_failed(
    explain: Explain, job: Any, cloud: Cloud
) -> None:
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    job(
        "DescribeHyperParameterTuningJob",
        {
            "HyperParameterTuningJobName": "abc-FineTune-x1",
            "HyperParameterTuningJobArn": SEARCH["TuningJob"]["Arn"],
            "HyperParameterTuningJobConfig": config,
            "HyperParameterTuningJobStatus": "Failed",
            "CreationTime": 0,
            "TrainingJobStatusCounters": {},
            "ObjectiveStatusCounters": {},
            "FailureReason": "All training jobs failed.",
        },
        {"abc-FineTune-x1-001-ab/algo-1-100": ["step 3", "Lower the learning rate"]},
    )
    trial = {
        "TrainingJobName": "abc-FineTune-x1-001-ab",
        "TrainingJobArn": "a",
        "CreationTime": 0,
        "TrainingJobStatus": "Failed",
        "TunedHyperParameters": {},
        "FailureReason": "AlgorithmError: nan",
    }
    cloud.on("sagemaker", "ListTrainingJobsForHyperParameterTuningJob", lambda _: {"TrainingJobSummaries": [trial] * 3})

    with pytest.raises(FineTuneFailed) as caught:
        explain({"StepName": "FineTune", "StepStatus": "Failed", "FailureReason": "ClientError", "Metadata": SEARCH})

    text = str(caught.value)
    assert "All training jobs failed. 3 failed, the first with: AlgorithmError: nan" in text
    assert "Lower the learning rate" in text
    assert "TrainingJob abc-FineTune-x1-001-ab" in text
    (asked,) = cloud.called("sagemaker", "ListTrainingJobsForHyperParameterTuningJob")
    assert asked["StatusEquals"] == "Failed"


def test_a_failed_evaluation_is_looked_up_as_a_processing_job(explain: Explain, job: Any, cloud: Cloud) -> None:
    job(
        "DescribeProcessingJob",
        {
            "ProcessingJobName": "j",
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
            },
            "AppSpecification": {"ImageUri": "i"},
            "ProcessingJobArn": PROCESSING["ProcessingJob"]["Arn"],
            "ProcessingJobStatus": "Failed",
            "CreationTime": 0,
            "FailureReason": "exit code 137",
        },
        {},
    )

    with pytest.raises(FineTuneFailed, match=r"Step Evaluate failed: exit code 137\nThe job wrote no log") as caught:
        explain(
            {"StepName": "FineTune", "StepStatus": "Succeeded", "Metadata": TRAINING},
            {"StepName": "Evaluate", "StepStatus": "Failed", "Metadata": PROCESSING},
        )
    assert "/aws/sagemaker/ProcessingJobs, streams pipelines-abc-Evaluate-x2/*" in str(caught.value)
    assert not cloud.called("logs", "GetLogEvents")
    assert cloud.called("logs", "DescribeLogStreams")[0]["logStreamNamePrefix"] == "pipelines-abc-Evaluate-x2/"


def test_the_pipeline_s_reason_stands_in_for_a_job_that_gives_none(explain: Explain, job: Any) -> None:
    job("DescribeTrainingJob", training_job(""), {})

    with pytest.raises(FineTuneFailed, match="Step FineTune failed: ResourceLimitExceeded: quota is 0"):
        explain(
            {
                "StepName": "FineTune",
                "StepStatus": "Failed",
                "FailureReason": "ResourceLimitExceeded: quota is 0",
                "Metadata": TRAINING,
            }
        )


def test_an_account_without_any_job_log_is_no_second_failure(explain: Explain, job: Any, cloud: Cloud) -> None:
    job("DescribeTrainingJob", training_job("no capacity"), {})
    cloud.refuse("logs", "DescribeLogStreams", "ResourceNotFoundException")

    with pytest.raises(FineTuneFailed, match="no capacity"):
        explain({"StepName": "FineTune", "StepStatus": "Failed", "Metadata": TRAINING})


def test_a_closed_quality_gate_has_a_name_of_its_own_and_shows_the_figures(explain: Explain) -> None:
    message = "ROUGE-L is 0.21 (needed: 0.3)"

    with pytest.raises(QualityGateFailed, match=r"QualityGateFailed: ROUGE-L is 0.21"):
        explain(
            {"StepName": "FineTune", "StepStatus": "Succeeded", "Metadata": TRAINING},
            {"StepName": "QualityGateFailed", "StepStatus": "Failed", "Metadata": {"Fail": {"ErrorMessage": message}}},
        )


def test_a_step_that_never_had_a_job_says_the_pipeline_s_reason(explain: Explain) -> None:
    with pytest.raises(FineTuneFailed, match="Step Register failed: AccessDenied"):
        explain({"StepName": "Register", "StepStatus": "Failed", "FailureReason": "AccessDenied", "Metadata": {}})


def test_a_stopped_execution_is_called_stopped(explain: Explain) -> None:
    with pytest.raises(FineTuneFailed, match="is Stopped and no step failed: no reason given"):
        explain({"StepName": "FineTune", "StepStatus": "Stopped"}, status="Stopped")
