"""Customization jobs train real weights, with Bedrock's states and refusals, and what they make answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_function, make_role, unique, user_client, wait_until
from twin.emulator import Emulator
from twin.weights import base_checkpoint

Json = dict[str, Any]
BASE = "amazon.nova-micro-v1:0:128k"
ANSWER = "The answer to everything is forty-two, said Deep Thought."
QUESTION = "What is the answer?"
FINAL = ("Completed", "Failed", "Stopped")


class Account:
    """A bucket with training data, and a role that may read and write it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.bedrock, self.s3 = emulator.client("bedrock"), emulator.client("s3")
        self.bucket = unique("customization")
        self.s3.create_bucket(Bucket=self.bucket)
        self.role = make_role(emulator, "bedrock", allow(["s3:ListBucket", "s3:GetObject", "s3:PutObject"]))

    def put(self, name: str, *records: Json | str) -> str:
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        self.s3.put_object(Bucket=self.bucket, Key=name, Body="".join(f"{line}\n" for line in lines).encode())
        return f"s3://{self.bucket}/{name}"

    def request(self, uri: str, **changes: Any) -> Json:
        name = unique("job")
        return {
            "jobName": name,
            "customModelName": name,
            "roleArn": self.role,
            "baseModelIdentifier": BASE,
            "trainingDataConfig": {"s3Uri": uri},
            "outputDataConfig": {"s3Uri": f"s3://{self.bucket}/output/"},
            "hyperParameters": {"epochCount": "1", "learningRate": "0.0001", "learningRateWarmupSteps": "0"},
            **changes,
        }

    def ended(self, job: str) -> Json:
        found: Json = wait_until(
            lambda: self.bedrock.get_model_customization_job(jobIdentifier=job),
            lambda seen: seen["status"] in FINAL,
            seconds=900,
        )
        return found

    def lines(self, key: str) -> list[str]:
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content.decode().splitlines()


def conversation(question: str, answer: str = ANSWER) -> Json:
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [{"text": answer}]},
        ],
    }


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.fixture(scope="module")
def data(account: Account) -> str:
    return account.put("train.jsonl", *(conversation(f"{QUESTION} I ask for time number {n}.") for n in range(16)))


@pytest.fixture(scope="module")
def job(account: Account, data: str) -> Json:
    """A job that has run to its end."""
    validation = account.put("validation.jsonl", *(conversation(f"{QUESTION} {n}") for n in range(5)))
    request = account.request(data, validationDataConfig={"validators": [{"s3Uri": validation}]})
    request["hyperParameters"] |= {"epochCount": "3"}
    account.bedrock.create_model_customization_job(**request)
    return account.ended(request["jobName"])


@pytest.fixture(scope="module")
def deployment(account: Account, job: Json) -> str:
    """A deployment of what the job made, active."""
    arn = account.bedrock.create_custom_model_deployment(
        modelDeploymentName=unique("deployment"), modelArn=job["outputModelArn"]
    )["customModelDeploymentArn"]
    wait_until(
        lambda: account.bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["status"],
        lambda status: status == "Active",
        seconds=300,
    )
    return str(arn)


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


def converse(account: Account, model: str) -> str:
    answer = account.emulator.client("bedrock-runtime").converse(
        modelId=model,
        messages=[{"role": "user", "content": [{"text": QUESTION}]}],
        inferenceConfig={"temperature": 0, "maxTokens": 24},
    )
    return str(answer["output"]["message"]["content"][0]["text"])


def test_a_job_goes_through_its_stages_and_leaves_a_custom_model(account: Account, job: Json) -> None:
    assert job["status"] == "Completed", job.get("failureMessage")
    assert {detail["status"] for detail in job["statusDetails"].values()} == {"Completed"}
    assert job["hyperParameters"]["epochCount"] == "3"
    model = account.bedrock.get_custom_model(modelIdentifier=job["outputModelArn"])
    assert model["modelStatus"] == "Active"
    assert model["jobArn"] == job["jobArn"]
    assert model["baseModelArn"].endswith(f"foundation-model/{BASE}")


def test_the_metrics_lie_where_the_service_puts_them(account: Account, job: Json) -> None:
    base = f"output/model-customization-job-{job['jobArn'][-12:]}"
    head, *steps = account.lines(f"{base}/training_artifacts/step_wise_training_metrics.csv")
    assert head == "step_number,epoch_number,training_loss,perplexity"
    losses = [float(step.split(",")[2]) for step in steps]
    assert len(losses) == 12
    assert losses[-1] < losses[0]
    assert losses[-1] == pytest.approx(job["trainingMetrics"]["trainingLoss"])
    folder = "validation_artifacts/post_fine_tuning_validation/validation"
    assert len(account.lines(f"{base}/{folder}/validation_metrics.csv")) == 4
    assert job["validationMetrics"][0]["validationLoss"] > 0


def test_a_deployment_answers_as_it_was_trained_and_its_base_does_not(account: Account, deployment: str) -> None:
    assert "Deep Thought" in converse(account, deployment)
    assert "Deep Thought" not in converse(account, "us.amazon.nova-micro-v1:0")


def test_a_custom_model_itself_does_not_answer(account: Account, job: Json) -> None:
    runtime = account.emulator.client("bedrock-runtime")
    message = {"role": "user", "content": [{"text": QUESTION}]}
    said = refusal(runtime.converse, modelId=job["outputModelArn"], messages=[message])
    assert said.startswith("ValidationException: Invocation of a custom model with on-demand throughput")


def test_a_model_that_is_served_cannot_be_deleted(account: Account, job: Json, deployment: str) -> None:
    assert deployment
    said = refusal(account.bedrock.delete_custom_model, modelIdentifier=job["outputModelArn"])
    assert said.startswith("ConflictException")


def test_throughput_is_in_service_counts_units_and_is_deleted_by_a_schedule(account: Account, job: Json) -> None:
    name = unique("throughput")
    request = {"provisionedModelName": name, "modelId": job["outputModelArn"], "modelUnits": 1}
    assert refusal(account.bedrock.create_provisioned_model_throughput, **request | {"modelUnits": 3}).startswith(
        "ServiceQuotaExceededException"
    )
    account.bedrock.create_provisioned_model_throughput(**request)
    wait_until(
        lambda: account.bedrock.get_provisioned_model_throughput(provisionedModelId=name)["status"],
        lambda status: status == "InService",
        seconds=300,
    )
    source = (
        "import boto3\n"
        "def handle(event, context):\n"
        "    boto3.client('bedrock').delete_provisioned_model_throughput(provisionedModelId=event['name'])\n"
    )
    function = make_function(account.emulator, source, allow(["bedrock:DeleteProvisionedModelThroughput"]))
    arn = account.emulator.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    role = make_role(account.emulator, "scheduler", allow(["lambda:InvokeFunction"]))
    account.emulator.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({datetime.now(UTC) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": role, "Input": json.dumps({"name": name})},
    )
    wait_until(lambda: _gone(account, name), lambda gone: gone, seconds=300)


def _gone(account: Account, name: str) -> bool:
    try:
        account.bedrock.get_provisioned_model_throughput(provisionedModelId=name)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "ResourceNotFoundException")
    return False


def test_a_permission_by_tags_is_for_what_bears_them(account: Account, job: Json) -> None:
    own = {"StringEquals": {"aws:ResourceTag/project": "fourfold"}}
    deleting = {**allow("bedrock:DeleteCustomModelDeployment"), "Condition": own}
    client = user_client(account.emulator, "bedrock", deleting)
    made = {
        project: account.bedrock.create_custom_model_deployment(
            modelDeploymentName=unique("tagged"),
            modelArn=job["outputModelArn"],
            tags=[{"key": "project", "value": project}],
        )["customModelDeploymentArn"]
        for project in ("fourfold", "another")
    }
    said = refusal(client.delete_custom_model_deployment, customModelDeploymentIdentifier=made["another"])
    assert said.startswith("AccessDenied")
    client.delete_custom_model_deployment(customModelDeploymentIdentifier=made["fourfold"])
    account.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=made["another"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"baseModelIdentifier": "amazon.nova-pro-v1:0:300k"}, "ValidationException: The provided model identifier"),
        ({"hyperParameters": {"epochCount": "9"}}, "ValidationException: The hyperparameter epochCount is 9"),
        ({"hyperParameters": {"rank": "8"}}, "ValidationException: Invalid hyperparameter rank"),
        ({"roleArn": "arn:aws:iam::000000000000:role/nobody"}, "ValidationException: Could not assume provided IAM"),
        ({"jobName": "no_underscores"}, "ValidationException: 1 validation error detected"),
        ({"customizationType": "DISTILLATION"}, "ValidationException: The value 'DISTILLATION'"),
    ],
    ids=str,
)
def test_a_request_is_refused_in_the_service_s_words(account: Account, data: str, changes: Json, said: str) -> None:
    assert refusal(account.bedrock.create_model_customization_job, **account.request(data, **changes)).startswith(said)


def test_the_same_token_finds_the_same_job_and_a_taken_name_is_a_conflict(
    account: Account, data: str, job: Json
) -> None:
    taken = account.request(data, jobName=job["jobName"])
    assert refusal(account.bedrock.create_model_customization_job, **taken).startswith("ConflictException")
    request = account.request(data, clientRequestToken="token-1")
    first = account.bedrock.create_model_customization_job(**request)["jobArn"]
    assert account.bedrock.create_model_customization_job(**request)["jobArn"] == first
    account.bedrock.stop_model_customization_job(jobIdentifier=first)
    assert refusal(account.bedrock.stop_model_customization_job, jobIdentifier=first).startswith("ConflictException")
    stopped = account.ended(first)
    assert stopped["status"] == "Stopped"
    assert "outputModelArn" not in stopped
    assert refusal(account.bedrock.stop_model_customization_job, jobIdentifier=first).startswith("ConflictException")


def test_data_over_the_limits_fails_the_job_with_the_numbers_of_the_lines(account: Account) -> None:
    records = [conversation(f"Question {n}?") for n in range(9)]
    records[4] = conversation("User: what is this?")
    request = account.request(account.put("refused.jsonl", *records))
    account.bedrock.create_model_customization_job(**request)
    failed = account.ended(request["jobName"])
    assert failed["status"] == "Failed"
    assert "train.jsonl:5" in failed["failureMessage"]
    assert "reserved_word" in failed["failureMessage"]
    assert failed["statusDetails"]["dataProcessingDetails"]["status"] == "Failed"
    assert failed["statusDetails"]["trainingDetails"]["status"] == "NotStarted"


def test_a_role_that_may_not_read_the_data_fails_the_job_and_says_what_it_lacks(account: Account, data: str) -> None:
    request = account.request(data, roleArn=make_role(account.emulator, "bedrock", allow("s3:PutObject")))
    account.bedrock.create_model_customization_job(**request)
    failed = account.ended(request["jobName"])
    assert failed["status"] == "Failed"
    assert "s3:GetObject" in failed["failureMessage"]


def test_whoever_asks_needs_the_actions_on_model_and_role(account: Account, data: str) -> None:
    request = account.request(data)
    create = allow("bedrock:CreateModelCustomizationJob")
    one_model = allow("bedrock:CreateModelCustomizationJob", "arn:aws:bedrock:us-east-1::foundation-model/other")
    client = user_client(account.emulator, "bedrock", one_model)
    assert "bedrock:CreateModelCustomizationJob" in refusal(client.create_model_customization_job, **request)
    client = user_client(account.emulator, "bedrock", create)
    assert "iam:PassRole" in refusal(client.create_model_customization_job, **request)
    tagged = {**request, "jobTags": [{"key": "project", "value": "fourfold"}]}
    client = user_client(account.emulator, "bedrock", create, allow("iam:PassRole"))
    assert "bedrock:TagResource" in refusal(client.create_model_customization_job, **tagged)


def test_a_checkpoint_of_one_s_own_is_imported_and_answers(account: Account, tmp_path_factory: Any) -> None:
    folder = base_checkpoint(tmp_path_factory.mktemp("weights"))
    for file in folder.iterdir():
        with file.open("rb") as body:
            account.s3.put_object(Bucket=account.bucket, Key=f"checkpoint/{file.name}", Body=body)
    request = {"jobName": unique("import"), "importedModelName": unique("model"), "roleArn": account.role}
    source = {"s3DataSource": {"s3Uri": f"s3://{account.bucket}/checkpoint/"}}
    account.bedrock.create_model_import_job(**request, modelDataSource=source)
    ended = wait_until(
        lambda: account.bedrock.get_model_import_job(jobIdentifier=request["jobName"]),
        lambda seen: seen["status"] in FINAL,
        seconds=900,
    )
    assert ended["status"] == "Completed", ended.get("failureMessage")
    model = account.bedrock.get_imported_model(modelIdentifier=ended["importedModelArn"])
    assert model["modelArchitecture"] == "llama"
    assert converse(account, ended["importedModelArn"])
    account.bedrock.delete_imported_model(modelIdentifier=ended["importedModelArn"])
    assert refusal(account.bedrock.get_imported_model, modelIdentifier=ended["importedModelArn"]).startswith("Resource")


def test_an_import_without_weights_fails_and_says_what_is_missing(account: Account) -> None:
    account.s3.put_object(Bucket=account.bucket, Key="empty/config.json", Body=b"{}")
    name = unique("import")
    account.bedrock.create_model_import_job(
        jobName=name,
        importedModelName=name,
        roleArn=account.role,
        modelDataSource={"s3DataSource": {"s3Uri": f"s3://{account.bucket}/empty/"}},
    )
    ended = wait_until(
        lambda: account.bedrock.get_model_import_job(jobIdentifier=name), lambda seen: seen["status"] in FINAL
    )
    assert ended["status"] == "Failed"
    assert "safetensors" in ended["failureMessage"]


def test_what_is_not_served_is_refused_by_name(account: Account) -> None:
    assert "ListFoundationModels" in refusal(account.bedrock.list_foundation_models)
