"""Pipelines, created and run through the API, with small scripts in their jobs."""

from __future__ import annotations

import copy
import json

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, wait_until
from tests.twin.pipeline_steps import TRAIN, Json, as_step
from tests.twin.sagemaker_account import SERVING_IMAGE, TRAINING_IMAGE, Account, tarred
from twin import events
from twin.emulator import Emulator
from twin.run.products import delete_jobs

EVALUATE = """
import json, os, pathlib, tarfile
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "processing")
with tarfile.open(base / "input/model/model.tar.gz") as archive:
    arguments = archive.extractfile("m").read().decode().split()
report = {"loss": float(arguments[arguments.index("--loss") + 1])}
(base / "report/report.json").write_text(json.dumps(report))
"""
LOSS: Json = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": "loss"}}


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def parameter(name: str) -> Json:
    return {"Std:Join": {"On": "", "Values": [{"Get": f"Parameters.{name}"}]}}


@pytest.fixture(scope="module")
def group(account: Account) -> str:
    name = unique("models")
    account.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def definition(account: Account, group: str) -> Json:
    """Train, evaluate, and register what is good enough."""
    training = as_step(account.training_request(TRAIN, HyperParameters={"loss": parameter("Loss")}), "Training")
    training["OutputDataConfig"] = {"S3OutputPath": {"Get": "Parameters.Output"}}
    training["Tags"] = [{"Key": "project", "Value": "test"}]
    processing = as_step(account.processing_request(EVALUATE), "Processing")
    model = account.processing_input("model", {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"})
    processing["ProcessingInputs"].append(model)
    report = {"PropertyFileName": "Report", "OutputName": "report", "FilePath": "report.json"}
    container = {"Image": SERVING_IMAGE, "ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}
    inference = {"Containers": [container], "SupportedContentTypes": ["application/json"]}
    registration = {"ModelPackageGroupName": group, "InferenceSpecification": inference}
    message = {"Std:Join": {"On": " ", "Values": ["The loss is", LOSS, "and may be", {"Get": "Parameters.Limit"}]}}
    gate = {
        "Conditions": [{"Type": "LessThanOrEqualTo", "LeftValue": LOSS, "RightValue": {"Get": "Parameters.Limit"}}],
        "IfSteps": [{"Name": "Register", "Type": "RegisterModel", "Arguments": registration}],
        "ElseSteps": [{"Name": "TooBad", "Type": "Fail", "Arguments": {"ErrorMessage": message}}],
    }
    cache = {"Enabled": True, "ExpireAfter": "P1D"}
    return {
        "Version": "2020-12-01",
        "Parameters": [
            {"Name": "Output", "Type": "String"},
            {"Name": "Loss", "Type": "Float", "DefaultValue": 0.5},
            {"Name": "Limit", "Type": "Float", "DefaultValue": 1.0},
        ],
        "Steps": [
            {"Name": "Train", "Type": "Training", "Arguments": training, "CacheConfig": cache},
            {"Name": "Evaluate", "Type": "Processing", "Arguments": processing, "PropertyFiles": [report]},
            {"Name": "Gate", "Type": "Condition", "Arguments": gate},
        ],
    }


def output(account: Account) -> str:
    return f"s3://{account.bucket}/{unique('out')}"


def test_a_good_model_is_trained_evaluated_and_registered(account: Account, definition: Json, group: str) -> None:
    name = account.make_pipeline(definition)
    execution, steps = account.run_again(name, Output=output(account))
    assert execution["PipelineExecutionStatus"] == "Succeeded", steps
    assert [step["StepStatus"] for step in steps.values()] == ["Succeeded"] * 4
    assert steps["Gate"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    arn = steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    package = account.sagemaker.describe_model_package(ModelPackageName=arn)
    assert (package["ModelPackageGroupName"], package["ModelApprovalStatus"]) == (group, "PendingManualApproval")
    training = steps["Train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    identifier = execution["PipelineExecutionArn"].rpartition("/")[2]
    assert training.startswith(f"pipelines-{identifier}-train-")
    url = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert account.get(url)
    jobs = account.sagemaker.list_training_jobs(NameContains=f"pipelines-{identifier}-")["TrainingJobSummaries"]
    assert account.sagemaker.list_tags(ResourceArn=jobs[0]["TrainingJobArn"])["Tags"] == [
        {"Key": "project", "Value": "test"}
    ]


def test_a_bad_model_fails_the_execution_with_the_figures(account: Account, definition: Json) -> None:
    execution, steps = account.run_again(account.make_pipeline(definition), Output=output(account), Loss="2.5")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    assert steps["TooBad"]["FailureReason"] == "The loss is 2.5 and may be 1.0"
    assert steps["Gate"]["Metadata"] == {"Condition": {"Outcome": "False"}}
    assert "Register" not in steps


def test_a_step_with_the_same_arguments_is_taken_over(account: Account, definition: Json) -> None:
    name, prefix = account.make_pipeline(definition), output(account)
    first, before = account.run_again(name, Output=prefix)
    second, after = account.run_again(name, Output=prefix)
    assert second["PipelineExecutionStatus"] == "Succeeded", after
    assert after["Train"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first["PipelineExecutionArn"]}
    assert after["Train"]["Metadata"] == before["Train"]["Metadata"]
    assert "CacheHitResult" not in after["Evaluate"]
    _, other = account.run_again(name, Output=prefix, Loss="0.4")
    assert "CacheHitResult" not in other["Train"]


def test_a_failed_job_fails_its_step_with_the_jobs_reason(account: Account, definition: Json) -> None:
    broken = copy.deepcopy(definition)
    code = account.put(f"{unique('code')}.tar.gz", tarred(train_dot_py="raise ValueError('no such layer')"))
    broken["Steps"][0]["Arguments"]["HyperParameters"]["sagemaker_submit_directory"] = code
    execution, steps = account.run_again(account.make_pipeline(broken), Output=output(account))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "ValueError: no such layer" in steps["Train"]["FailureReason"]
    assert list(steps) == ["Train"]


def test_a_report_without_the_figure_fails_the_gate(account: Account, definition: Json) -> None:
    broken = copy.deepcopy(definition)
    script = EVALUATE.replace('"loss":', '"perplexity":')
    code = account.put(f"{unique('code')}/run.py", script)
    broken["Steps"][1]["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] = code
    execution, steps = account.run_again(account.make_pipeline(broken), Output=output(account))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert steps["Gate"]["FailureReason"] == "ClientError: There is no 'loss' at 'Report: loss'."


@pytest.mark.parametrize(
    ("missing", "step"),
    [
        ("sagemaker:CreateTrainingJob", "Train"),
        ("sagemaker:AddTags", "Train"),
        ("iam:PassRole", "Train"),
        ("sagemaker:CreateModelPackage", "Register"),
    ],
)
def test_a_permission_that_the_pipelines_role_lacks_fails_the_step_and_is_named(
    account: Account, definition: Json, missing: str, step: str
) -> None:
    deny = {**allow(missing), "Effect": "Deny"}
    statements = [allow(["sagemaker:*", "iam:PassRole"]), account.bucket_access, deny]
    role = make_role(account.emulator, "sagemaker", *statements)
    execution, steps = account.run_again(account.make_pipeline(definition, role), Output=output(account))
    assert execution["PipelineExecutionStatus"] == "Failed"
    reason = steps[step]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:Create")
    assert f"{role.rpartition('/')[2]}/SageMaker is not authorized to perform: {missing} on resource: arn:" in reason


def test_the_gate_reads_its_figures_with_the_pipelines_role(account: Account, definition: Json) -> None:
    role = make_role(account.emulator, "sagemaker", allow(["sagemaker:*", "iam:PassRole"]))
    _, steps = account.run_again(account.make_pipeline(definition, role), Output=output(account))
    assert "is not authorized to perform: s3:GetObject" in steps["Gate"]["FailureReason"]


def test_an_execution_can_be_stopped_with_its_job(account: Account, definition: Json) -> None:
    slow = copy.deepcopy(definition)
    code = account.put(f"{unique('code')}.tar.gz", tarred(train_dot_py="import time\ntime.sleep(600)"))
    slow["Steps"][0]["Arguments"]["HyperParameters"]["sagemaker_submit_directory"] = code
    name = account.make_pipeline(slow)
    given = [{"Name": "Output", "Value": output(account)}]
    arn = account.sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)[
        "PipelineExecutionArn"
    ]

    def steps() -> list[Json]:
        found: list[Json] = account.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)[
            "PipelineExecutionSteps"
        ]
        return found

    wait_until(steps, lambda found: any("Metadata" in step for step in found))
    with pytest.raises(account.sagemaker.exceptions.ConflictException):
        account.sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken="t" * 32)
    account.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
    wait_until(
        lambda: account.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"],
        lambda status: status == "Stopped",
    )
    (train,) = steps()
    assert train["StepStatus"] == "Stopped"
    job = train["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    (summary,) = account.sagemaker.list_training_jobs(NameContains=job)["TrainingJobSummaries"]
    assert summary["TrainingJobStatus"] == "Stopped"


def test_a_failed_execution_can_be_retried_and_keeps_what_succeeded(account: Account, definition: Json) -> None:
    deny = {**allow("sagemaker:CreateModelPackage"), "Effect": "Deny"}
    statements = [allow(["sagemaker:*", "iam:PassRole"]), account.bucket_access]
    role = make_role(account.emulator, "sagemaker", *statements, deny)
    failed, before = account.run_again(account.make_pipeline(definition, role), Output=output(account))
    arn = failed["PipelineExecutionArn"]
    assert (failed["PipelineExecutionStatus"], before["Register"]["StepStatus"]) == ("Failed", "Failed")

    name = role.rpartition("/")[2]
    policies = account.emulator.client("iam").list_role_policies(RoleName=name)["PolicyNames"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    account.emulator.client("iam").put_role_policy(RoleName=name, PolicyName=policies[0], PolicyDocument=document)
    account.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    ended, after = account.ended(arn)
    assert ended["PipelineExecutionStatus"] == "Succeeded", after
    assert "FailureReason" not in ended
    for done in ("Train", "Evaluate", "Gate"):
        assert after[done] == before[done]
    assert after["Register"]["StepStatus"] == "Succeeded"
    with pytest.raises(account.sagemaker.exceptions.ConflictException, match="is Succeeded"):
        account.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)


def test_an_execution_tells_of_its_steps_in_the_events(account: Account, definition: Json) -> None:
    execution, _ = account.run_again(account.make_pipeline(definition), Output=output(account))
    identifier = execution["PipelineExecutionArn"].rpartition("/")[2]
    told = [event for event, _ in events.read(account.emulator.events_file) if event["id"].startswith(identifier)]
    ends = [(event["id"], event["status"]) for event in told if event["kind"] == "finished"]
    steps = ("Train", "Evaluate", "Gate", "Register")
    assert ends == [*((f"{identifier}/{step}", "Succeeded") for step in steps), (identifier, "Succeeded")]


# ---- requests ------------------------------------------------------------------------------------------


def test_a_definition_that_cannot_run_is_refused_when_it_is_created_and_updated(
    account: Account, definition: Json
) -> None:
    broken = copy.deepcopy(definition)
    broken["Steps"][0]["Type"] = "EMR"
    broken["Steps"][1]["Arguments"]["VpcConfig"] = {}
    with pytest.raises(ClientError) as error:
        account.make_pipeline(broken)
    message = error.value.response["Error"]["Message"]
    assert message.startswith("Unable to parse pipeline definition. The type 'EMR' of step Train is not supported")
    assert "VpcConfig" in message
    name = account.make_pipeline(definition)
    with pytest.raises(ClientError, match="Unable to parse pipeline definition"):
        account.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=json.dumps(broken))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({}, "Parameter Output has no default value and must be given."),
        ({"Output": "s3://b", "Loss": "much"}, "Parameter Loss is of type Float: 'much' is no such value."),
        ({"Output": "s3://b", "Colour": "red"}, "Parameter Colour is not defined in the pipeline."),
    ],
)
def test_parameters_are_checked_before_anything_starts(
    account: Account, definition: Json, parameters: dict[str, str], problem: str
) -> None:
    name = account.make_pipeline(definition)
    with pytest.raises(ClientError, match=problem):
        account.run_again(name, **parameters)
    assert account.sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"] == []


def test_the_same_request_token_starts_one_execution(account: Account, definition: Json) -> None:
    name = account.make_pipeline(definition)
    request = {
        "PipelineName": name,
        "ClientRequestToken": "token" * 8,
        "PipelineParameters": [{"Name": "Output", "Value": output(account)}],
    }
    first, second = (account.sagemaker.start_pipeline_execution(**request) for _ in range(2))
    assert first["PipelineExecutionArn"] == second["PipelineExecutionArn"]
    wait_until(
        lambda: account.sagemaker.describe_pipeline_execution(PipelineExecutionArn=first["PipelineExecutionArn"]),
        lambda execution: execution["PipelineExecutionStatus"] == "Succeeded",
    )
    values = account.sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=first["PipelineExecutionArn"]
    )["PipelineParameters"]
    assert {"Name": "Limit", "Value": "1.0"} in values
    kept = account.sagemaker.describe_pipeline_definition_for_execution(
        PipelineExecutionArn=first["PipelineExecutionArn"]
    )
    assert json.loads(kept["PipelineDefinition"]) == definition


def test_a_pipeline_is_described_listed_and_deleted(account: Account, definition: Json) -> None:
    name = account.make_pipeline(definition)
    described = account.sagemaker.describe_pipeline(PipelineName=name)
    assert account.sagemaker.describe_pipeline(PipelineName=described["PipelineArn"])["PipelineName"] == name
    assert json.loads(described["PipelineDefinition"]) == definition
    listed = account.sagemaker.list_pipelines(PipelineNamePrefix=name)["PipelineSummaries"]
    assert [one["PipelineName"] for one in listed] == [name]
    with pytest.raises(ClientError, match="Pipeline names must be unique within an AWS account and region"):
        account.sagemaker.create_pipeline(
            PipelineName=name, PipelineDefinition=json.dumps(definition), RoleArn=account.pipeline_role()
        )
    account.sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken="t" * 32)
    with pytest.raises(account.sagemaker.exceptions.ResourceNotFound, match="does not exist"):
        account.sagemaker.describe_pipeline(PipelineName=name)


def test_a_pipeline_is_deleted_with_its_executions_once_its_jobs_are(account: Account, definition: Json) -> None:
    name = account.make_pipeline(definition)
    prefix = output(account)
    execution, steps = account.run_again(name, Output=prefix)
    account.run_again(name, Output=prefix)  # takes the training job of the first one over
    training = {"TrainingJobName": steps["Train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]}
    processing = {"ProcessingJobName": steps["Evaluate"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]}
    account.sagemaker.describe_training_job(**training)
    account.sagemaker.describe_processing_job(**processing)

    delete_jobs(account.sagemaker, name)
    account.sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken="t" * 32)

    with pytest.raises(ClientError, match="Requested resource not found"):
        account.sagemaker.describe_training_job(**training)
    with pytest.raises(ClientError, match="Requested resource not found"):
        account.sagemaker.describe_processing_job(**processing)
    with pytest.raises(account.sagemaker.exceptions.ResourceNotFound):
        account.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution["PipelineExecutionArn"])


def test_a_job_of_an_image_that_does_not_run_here_is_refused_in_the_step(account: Account, definition: Json) -> None:
    other = copy.deepcopy(definition)
    image = TRAINING_IMAGE.replace("huggingface-pytorch-training", "tensorflow-training")
    other["Steps"][0]["Arguments"]["AlgorithmSpecification"]["TrainingImage"] = image
    _, steps = account.run_again(account.make_pipeline(other), Output=output(account))
    assert f"Requested image {image} not found" in steps["Train"]["FailureReason"]
