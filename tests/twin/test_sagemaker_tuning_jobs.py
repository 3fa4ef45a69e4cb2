"""Tuning jobs through the API and in pipelines: trials that run, with small scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, user_client, wait_until
from tests.twin.sagemaker_account import Account
from twin.emulator import Emulator

Json = dict[str, Any]
# A loss with its least value at a rate of 1e-3; it prints one value an epoch, as training does.
SCRIPT = """
import argparse, math, os, pathlib
parser = argparse.ArgumentParser()
for name in ("--rate", "--kind", "--fixed"):
    parser.add_argument(name)
given = parser.parse_args()
pathlib.Path(os.environ["SM_MODEL_DIR"], "m").write_text(given.rate)
for epoch in range(2):
    print(f"validation_loss={abs(math.log10(float(given.rate)) + 3) + (given.kind == 'bad') - epoch / 10:.6f}")
"""
BROKEN = "import sys\nif float(sys.argv[sys.argv.index('--rate') + 1]) > 1e-3: sys.exit('too fast')\n" + SCRIPT
METRIC = {"Name": "validation:loss", "Regex": "validation_loss=([0-9.eE+-]+)"}
RATE = {"Name": "rate", "MinValue": "0.00001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def request(account: Account, script: str = SCRIPT, **changes: Any) -> Json:
    training = account.training_request(script, HyperParameters={"fixed": "7"})
    training.pop("TrainingJobName")
    training["StaticHyperParameters"] = training.pop("HyperParameters")
    training["AlgorithmSpecification"]["MetricDefinitions"] = [METRIC]
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [RATE],
            "CategoricalParameterRanges": [{"Name": "kind", "Values": ["good", "bad"]}],
        },
        "RandomSeed": 5,
    }
    return {
        "HyperParameterTuningJobName": unique("search"),
        "HyperParameterTuningJobConfig": config | changes,
        "TrainingJobDefinition": training,
    }


def ended(account: Account, asked: Json) -> Json:
    name = asked["HyperParameterTuningJobName"]
    account.sagemaker.create_hyper_parameter_tuning_job(**asked)
    found: Json = wait_until(
        lambda: account.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        lambda job: job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"),
        seconds=240,
    )
    return found


def trials_of(account: Account, job: Json, **asked: Any) -> list[Json]:
    answer = account.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=job["HyperParameterTuningJobName"], **asked
    )
    found: list[Json] = answer["TrainingJobSummaries"]
    return found


@pytest.fixture(scope="module")
def done(account: Account) -> Json:
    """One search by chance, for the tests that only look at what came out."""
    asked = request(account)
    asked["Tags"] = [{"Key": "project", "Value": "test"}]
    return ended(account, asked)


def test_it_runs_as_many_trials_as_it_may_and_names_the_best(account: Account, done: Json) -> None:
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert done["TrainingJobStatusCounters"] == {
        "Completed": 4, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0
    }  # fmt: skip
    assert done["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    listed = trials_of(account, done, SortBy="FinalObjectiveMetricValue")
    values = [trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in listed]
    assert values == sorted(values)
    assert done["BestTrainingJob"]["TrainingJobName"] == listed[0]["TrainingJobName"]
    assert [trial["TrainingJobName"] for trial in trials_of(account, done)] == sorted(
        t["TrainingJobName"] for t in listed
    )


def test_a_trial_is_a_training_job_with_its_own_values(account: Account, done: Json) -> None:
    best = done["BestTrainingJob"]
    job = account.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["TuningJobArn"] == done["HyperParameterTuningJobArn"]
    assert job["HyperParameters"]["_tuning_objective_metric"] == "validation:loss"
    assert job["HyperParameters"]["fixed"] == "7"
    assert {name: job["HyperParameters"][name] for name in ("rate", "kind")} == best["TunedHyperParameters"]
    final = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert final["validation:loss"] == best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert account.get(job["ModelArtifacts"]["S3ModelArtifacts"])
    tags = account.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "project", "Value": "test"}]


def test_no_more_trials_run_at_a_time_than_may(account: Account, done: Json) -> None:
    spans = [(trial["CreationTime"], trial["TrainingEndTime"]) for trial in trials_of(account, done)]
    assert max(sum(start <= begin < end for start, end in spans) for begin, _ in spans) <= 2


def test_the_seed_fixes_what_is_tried_one_or_two_at_a_time(account: Account, done: Json) -> None:
    def tried(**changes: Any) -> list[Json]:
        return [
            trial["TunedHyperParameters"] for trial in trials_of(account, ended(account, request(account, **changes)))
        ]

    again = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1}
    assert tried(ResourceLimits=again) == [trial["TunedHyperParameters"] for trial in trials_of(account, done)]


def test_a_search_that_learns_completes(account: Account) -> None:
    limits = {"MaxNumberOfTrainingJobs": 5, "MaxParallelTrainingJobs": 2}
    job = ended(account, request(account, Strategy="Bayesian", ResourceLimits=limits))
    assert job["TrainingJobStatusCounters"]["Completed"] == 5, job
    tried = [trial["TunedHyperParameters"]["rate"] for trial in trials_of(account, job)]
    assert len(set(tried)) == 5


def test_trials_that_fail_are_counted_and_the_best_of_the_others_is_taken(account: Account) -> None:
    job = ended(account, request(account, BROKEN))
    counted = job["TrainingJobStatusCounters"]
    assert counted["NonRetryableError"] > 0
    assert counted["Completed"] + counted["NonRetryableError"] == 4
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert float(job["BestTrainingJob"]["TunedHyperParameters"]["rate"]) <= 1e-3
    [failed, *_] = trials_of(account, job, StatusEquals="Failed")
    assert "too fast" in failed["FailureReason"]
    assert failed["ObjectiveStatus"] == "Failed"


def test_a_search_of_which_every_trial_fails_fails(account: Account) -> None:
    job = ended(account, request(account, "raise SystemExit('no')"))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("All training jobs failed.")
    assert "BestTrainingJob" not in job


def test_a_search_without_a_value_of_its_objective_fails(account: Account) -> None:
    job = ended(account, request(account, SCRIPT.replace("validation_loss=", "loss is ")))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "No training job completed with a value of the objective metric 'validation:loss'" in job["FailureReason"]


def test_a_trial_that_lags_is_stopped(account: Account) -> None:
    # What is far from the best rate takes long after its first loss: as long as it may, if nobody stops it.
    lagging = SCRIPT.replace(':.6f}")', ':.6f}", flush=True)\n    epoch or float(given.rate) < 1e-4 and time.sleep(50)')
    limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 1}
    searched = {"ContinuousParameterRanges": [RATE]}
    changes = {"ResourceLimits": limits, "ParameterRanges": searched, "TrainingJobEarlyStoppingType": "Auto"}
    job = ended(account, request(account, "import time\n" + lagging, **changes, RandomSeed=86))
    assert job["HyperParameterTuningJobStatus"] == "Completed", job["FailureReason"]
    assert job["TrainingJobStatusCounters"]["Stopped"] > 0
    for trial in trials_of(account, job, StatusEquals="Stopped"):
        assert float(trial["TunedHyperParameters"]["rate"]) < 1e-4
        assert trial["TrainingEndTime"] - trial["TrainingStartTime"] < timedelta(seconds=50)
    assert job["BestTrainingJob"]["TrainingJobStatus"] == "Completed"


def test_stopping_a_search_stops_its_trials_and_starts_no_more(account: Account) -> None:
    asked = request(account, "import time\ntime.sleep(60)\n")
    name = asked["HyperParameterTuningJobName"]
    account.sagemaker.create_hyper_parameter_tuning_job(**asked)
    wait_until(lambda: trials_of(account, asked), lambda found: len(found) == 2)
    account.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = wait_until(
        lambda: account.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        lambda found: found["HyperParameterTuningJobStatus"] == "Stopped",
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 0
    wait_until(
        lambda: [trial["TrainingJobStatus"] for trial in trials_of(account, asked)],
        lambda found: found == ["Stopped"] * 2,
    )
    with pytest.raises(ClientError, match="job is in status Stopped"):
        account.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"Strategy": "Hyperband"}, "The value 'Hyperband' of HyperParameterTuningJobConfig.Strategy is not supported"),
        ({"ParameterRanges": {}}, "There is no range"),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "m"}},
            "none of the metric definitions",
        ),
        (
            {"ParameterRanges": {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["good", "bad"]}]}},
            "MaxNumberOfTrainingJobs is 4, and the ranges have 2 different combinations",
        ),
    ],
)
def test_a_search_that_could_not_be_made_is_refused(account: Account, changes: Json, complaint: str) -> None:
    with pytest.raises(ClientError, match=complaint):
        account.sagemaker.create_hyper_parameter_tuning_job(**request(account, **changes))


def test_a_finished_search_can_be_deleted(account: Account) -> None:
    job = ended(account, request(account, "raise SystemExit('no')"))
    name = job["HyperParameterTuningJobName"]
    listed = account.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name)["HyperParameterTuningJobSummaries"]
    assert [(one["HyperParameterTuningJobName"], one["Strategy"]) for one in listed] == [(name, "Random")]
    account.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(ClientError, match="There is no hyper parameter tuning job"):
        account.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


# ---- permissions and pipelines ----------------------------------------------------------------------------------

SEARCH = ["Create", "Describe", "Stop"]


def test_who_may_create_it_must_be_let_hand_on_the_role(emulator: Emulator, account: Account) -> None:
    allowed = allow(
        "sagemaker:CreateHyperParameterTuningJob", "arn:aws:sagemaker:*:*:hyper-parameter-tuning-job/search-*"
    )
    client = user_client(emulator, "sagemaker", allowed)
    with pytest.raises(ClientError, match="iam:PassRole"):
        client.create_hyper_parameter_tuning_job(**request(account))


def definition(account: Account) -> Json:
    """Search, then evaluate the best trial's model."""
    asked = request(account, ResourceLimits={"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3})
    asked.pop("HyperParameterTuningJobName")
    best = {"Get": "Steps.FineTune.BestTrainingJob.TrainingJobName"}
    model = {"Std:Join": {"On": "/", "Values": [f"s3://{account.bucket}/out", best, "output/model.tar.gz"]}}
    script = """
import json, os, pathlib, tarfile
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "processing")
with tarfile.open(base / "input/model/model.tar.gz") as archive:
    rate = archive.extractfile("m").read().decode()
(base / "report/report.json").write_text(json.dumps({"rate": rate}))
"""
    processing = account.processing_request(script)
    processing.pop("ProcessingJobName")
    processing["ProcessingInputs"].append(account.processing_input("model", model))
    first = {"Get": "Steps.FineTune.TrainingJobSummaries[0].TrainingJobName"}
    gate = {"Conditions": [{"Type": "Equals", "LeftValue": first, "RightValue": best}], "IfSteps": [], "ElseSteps": []}
    return {
        "Version": "2020-12-01",
        "Steps": [
            {"Name": "FineTune", "Type": "Tuning", "Arguments": asked},
            {"Name": "Evaluate", "Type": "Processing", "Arguments": processing},
            {"Name": "Same", "Type": "Condition", "Arguments": gate},
        ],
    }


def test_a_pipeline_goes_on_with_the_best_trials_model(account: Account) -> None:
    execution, steps = account.run_pipeline(definition(account))
    assert execution["PipelineExecutionStatus"] == "Succeeded", steps
    name = steps["FineTune"]["Metadata"]["TuningJob"]["Arn"].rpartition("/")[2]
    assert len(name) <= 32
    job = account.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert steps["Same"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    evaluation = steps["Evaluate"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    outputs = account.sagemaker.describe_processing_job(ProcessingJobName=evaluation)["ProcessingOutputConfig"][
        "Outputs"
    ]
    report = account.get(f"{outputs[0]['S3Output']['S3Uri']}/report.json").decode()
    assert job["BestTrainingJob"]["TunedHyperParameters"]["rate"] in report


def test_a_pipelines_role_needs_the_permissions_of_the_tuning_job(emulator: Emulator, account: Account) -> None:
    verbs = [f"sagemaker:{verb}HyperParameterTuningJob" for verb in ("Create", "Describe")]
    role = make_role(emulator, "sagemaker", allow([*verbs, "iam:PassRole"]), account.bucket_access)
    execution, steps = account.run_again(account.make_pipeline(definition(account), role))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "sagemaker:ListTrainingJobsForHyperParameterTuningJob" in steps["FineTune"]["FailureReason"]
