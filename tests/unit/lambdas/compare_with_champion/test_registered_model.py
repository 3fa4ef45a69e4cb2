"""With the figures come the package that the pipeline registered and the job that trained it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.shared.errors import EvaluationIncomplete
from tests.unit.lambdas.compare_with_champion.predictions import ARN, GOOD, PACKAGE, POOR, Compare, predictions

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


RESOURCES = "arn:aws:sagemaker:eu-west-1:123456789012"


def step(name: str, **metadata: dict[str, str]) -> dict[str, Any]:
    return {"StepName": name, "StepStatus": "Succeeded", "Metadata": metadata}


TRAINED = step("FineTune", TrainingJob={"Arn": f"{RESOURCES}:training-job/j"})


def ran(cloud: Cloud, fine_tune: dict[str, Any], model_data_url: str) -> None:
    """A pipeline that fine-tuned in this step and registered the package; the training job left this artifact."""
    steps = [fine_tune, step("R", RegisterModel={"Arn": PACKAGE})]
    cloud.on("sagemaker", "ListPipelineExecutionSteps", lambda _: {"PipelineExecutionSteps": steps})
    cloud.on(
        "sagemaker",
        "DescribeTrainingJob",
        lambda p: {
            "TrainingJobName": p["TrainingJobName"],
            "TrainingJobArn": f"{RESOURCES}:training-job/{p['TrainingJobName']}",
            "ModelArtifacts": {"S3ModelArtifacts": model_data_url.format(job=p["TrainingJobName"])},
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "StoppingCondition": {},
            "CreationTime": 0,
        },
    )


def test_the_registered_package_and_its_artifact_come_with_the_figures(compare: Compare, cloud: Cloud) -> None:
    job = f"{RESOURCES}:training-job/pipelines-abc-FineTune-x1"
    artifact = "s3://models/run=run-7/training/j/output/model.tar.gz"
    ran(cloud, step("FineTune", TrainingJob={"Arn": job}), artifact)

    assert compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)["fine_tuned"] == {
        "model_package_arn": PACKAGE,
        "model_data_url": artifact,
        "training_job_name": "pipelines-abc-FineTune-x1",
    }


def test_of_a_search_the_best_trial_is_the_training_job(compare: Compare, cloud: Cloud) -> None:
    search = f"{RESOURCES}:hyper-parameter-tuning-job/abc-FineTune-x1"
    ran(cloud, step("FineTune", TuningJob={"Arn": search}), "s3://models/{job}/output/model.tar.gz")
    counters: dict[str, Any] = {"TrainingJobStatusCounters": {}, "ObjectiveStatusCounters": {}}
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    cloud.on(
        "sagemaker",
        "DescribeHyperParameterTuningJob",
        lambda p: {
            "HyperParameterTuningJobName": p["HyperParameterTuningJobName"],
            "HyperParameterTuningJobArn": search,
            "HyperParameterTuningJobConfig": config,
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": 0,
            **counters,
            "BestTrainingJob": {
                "TrainingJobName": f"{p['HyperParameterTuningJobName']}-002-ab",
                "TrainingJobArn": search,
                "CreationTime": 0,
                "TrainingJobStatus": "Completed",
                "TunedHyperParameters": {},
            },
        },
    )

    assert compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)["fine_tuned"] == {
        "model_package_arn": PACKAGE,
        "model_data_url": "s3://models/abc-FineTune-x1-002-ab/output/model.tar.gz",
        "training_job_name": "abc-FineTune-x1-002-ab",
    }


@pytest.mark.parametrize(
    ("steps", "message"), [([], "ran no training job"), ([TRAINED], "registered no model package")]
)
def test_an_execution_that_registered_nothing_is_not_deployed(
    compare: Compare, cloud: Cloud, steps: list[dict[str, Any]], message: str
) -> None:
    cloud.on("sagemaker", "ListPipelineExecutionSteps", lambda _: {"PipelineExecutionSteps": steps})

    with pytest.raises(EvaluationIncomplete, match=message):
        compare(predictions(POOR, GOOD), pipeline_execution_arn=ARN)
