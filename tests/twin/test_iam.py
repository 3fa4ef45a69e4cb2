"""Permissions: what requests need, how denials read, and what they leave behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, user_client, zipped
from twin.emulator import Emulator

HERE = "us-east-1:000000000000"


def denied(call: Any, **parameters: Any) -> str:
    """The message of a call that must be denied."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"].startswith(("AccessDenied", "AuthorizationError"))
    return str(error.value)


# ---- mappings -------------------------------------------------------------------------------------------

SAGEMAKER = [
    ("create_training_job", "sagemaker:CreateTrainingJob", "training-job/my-job",
     {"TrainingJobName": "My-Job", "RoleArn": "arn:aws:iam::000000000000:role/r", "AlgorithmSpecification":
      {"TrainingInputMode": "File"}, "OutputDataConfig": {"S3OutputPath": "s3://b"}, "ResourceConfig":
      {"VolumeSizeInGB": 1}, "StoppingCondition": {}}),
    ("start_pipeline_execution", "sagemaker:StartPipelineExecution", "pipeline/p", {"PipelineName": "P"}),
    ("describe_pipeline_execution", "sagemaker:DescribePipelineExecution", "pipeline/p/execution/x1",
     {"PipelineExecutionArn": f"arn:aws:sagemaker:{HERE}:pipeline/p/execution/x1"}),
    ("list_pipeline_execution_steps", "sagemaker:ListPipelineExecutionSteps", "pipeline/p/execution/x1",
     {"PipelineExecutionArn": f"arn:aws:sagemaker:{HERE}:pipeline/p/execution/x1"}),
    ("update_model_package", "sagemaker:UpdateModelPackage", "model-package/g/1",
     {"ModelPackageArn": f"arn:aws:sagemaker:{HERE}:model-package/g/1", "ModelApprovalStatus": "Approved"}),
    ("describe_model_package", "sagemaker:DescribeModelPackage", "model-package/g/1",
     {"ModelPackageName": f"arn:aws:sagemaker:{HERE}:model-package/g/1"}),
    ("create_model_package", "sagemaker:CreateModelPackage", "model-package-group/g",
     {"ModelPackageGroupName": "g"}),
    ("describe_endpoint", "sagemaker:DescribeEndpoint", "endpoint/e", {"EndpointName": "E"}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "action", "resource", "parameters"), SAGEMAKER)
def test_sagemaker_requests_need_their_action_on_their_arn(
    emulator: Emulator, call: str, action: str, resource: str, parameters: dict[str, Any]
) -> None:
    message = denied(getattr(user_client(emulator, "sagemaker"), call), **parameters)
    assert f"{action} on resource: arn:aws:sagemaker:{HERE}:{resource} " in message


def test_invoking_an_endpoint_needs_its_arn(emulator: Emulator) -> None:
    client = user_client(emulator, "sagemaker-runtime")
    message = denied(client.invoke_endpoint, EndpointName="Mine", Body=b"{}")
    assert f"sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:{HERE}:endpoint/mine " in message


@pytest.mark.parametrize(
    ("model", "resource"),
    [
        ("amazon.nova-lite-v1:0", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
        ("us.amazon.nova-lite-v1:0", f"arn:aws:bedrock:{HERE}:inference-profile/us.amazon.nova-lite-v1:0"),
        (f"arn:aws:bedrock:{HERE}:imported-model/abc", f"arn:aws:bedrock:{HERE}:imported-model/abc"),
    ],
)
def test_converse_needs_invoke_model_on_the_models_arn(emulator: Emulator, model: str, resource: str) -> None:
    client = user_client(emulator, "bedrock-runtime", allow("bedrock:Converse"))
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    message = denied(client.converse, modelId=model, messages=messages)
    assert f"bedrock:InvokeModel on resource: {resource} " in message


@pytest.mark.parametrize(
    ("call", "action", "stream", "parameters"),
    [
        ("create_log_group", "logs:CreateLogGroup", "", {}),
        ("create_log_stream", "logs:CreateLogStream", "", {"logStreamName": "s"}),
        (
            "put_log_events",
            "logs:PutLogEvents",
            "s",
            {"logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]},
        ),
    ],
)
def test_writing_a_log_needs_the_arn_of_its_stream_or_of_its_groups_streams(
    emulator: Emulator, call: str, action: str, stream: str, parameters: dict[str, Any]
) -> None:
    client = user_client(emulator, "logs", allow("logs:*", f"arn:aws:logs:{HERE}:log-group:/group"))
    message = denied(getattr(client, call), logGroupName="/group", **parameters)
    assert f"{action} on resource: arn:aws:logs:{HERE}:log-group:/group:log-stream:{stream} " in message


def test_describing_alarms_needs_the_arn_of_each(emulator: Emulator) -> None:
    alarms = f"arn:aws:cloudwatch:{HERE}:alarm:"
    client = user_client(emulator, "cloudwatch", allow("cloudwatch:DescribeAlarms", [f"{alarms}mine", f"{alarms}ours"]))
    assert client.describe_alarms(AlarmNames=["mine", "ours"])["MetricAlarms"] == []
    message = denied(client.describe_alarms, AlarmNames=["mine", "theirs"])
    assert f"cloudwatch:DescribeAlarms on resource: {alarms}theirs " in message
    assert f"{alarms}* " in denied(client.describe_alarms)


def test_starting_a_job_run_needs_its_jobs_arn(emulator: Emulator) -> None:
    message = denied(user_client(emulator, "glue").start_job_run, JobName="job")
    assert f"glue:StartJobRun on resource: arn:aws:glue:{HERE}:job/job " in message


def test_a_permission_on_the_arn_is_enough(emulator: Emulator) -> None:
    client = user_client(emulator, "glue", allow("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/none"))
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.start_job_run(JobName="none")


# ---- roles that are handed on ---------------------------------------------------------------------------


def create_function(client: Any, role: str) -> Any:
    return client.create_function(
        FunctionName=unique("f"), Runtime="python3.12", Role=role, Handler="i.h", Code={"ZipFile": zipped(i="")}
    )


def test_handing_a_role_to_a_service_needs_pass_role(emulator: Emulator) -> None:
    role = make_role(emulator, "lambda")
    client = user_client(emulator, "lambda", allow("lambda:CreateFunction"))
    message = denied(create_function, client=client, role=role)
    assert f"iam:PassRole on resource: {role} " in message


def test_pass_role_for_another_service_is_not_enough(emulator: Emulator) -> None:
    role = make_role(emulator, "lambda")
    passing = allow("iam:PassRole", role) | {
        "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    }
    client = user_client(emulator, "lambda", allow("lambda:CreateFunction"), passing)
    assert "iam:PassRole" in denied(create_function, client=client, role=role)


def test_pass_role_for_the_service_is_enough(emulator: Emulator) -> None:
    role = make_role(emulator, "lambda")
    passing = allow("iam:PassRole", role) | {
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    }
    assert create_function(user_client(emulator, "lambda", allow("lambda:CreateFunction"), passing), role)


# ---- keys -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encrypted(emulator: Emulator) -> dict[str, str]:
    """A bucket with an object, encrypted with a key of ours that the account's policies govern."""
    everyone = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**everyone, "Resource": "*"}]})
    key = emulator.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    s3, bucket = emulator.client("s3"), unique("encrypted")
    s3.create_bucket(Bucket=bucket)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    return {"bucket": bucket, "key": key}


def test_reading_an_encrypted_object_needs_its_key(emulator: Emulator, encrypted: dict[str, str]) -> None:
    client = user_client(emulator, "s3", allow("s3:GetObject"))
    message = denied(client.get_object, Bucket=encrypted["bucket"], Key="key")
    assert f"kms:Decrypt on resource: {encrypted['key']} " in message


def test_writing_an_encrypted_object_needs_a_data_key(emulator: Emulator, encrypted: dict[str, str]) -> None:
    client = user_client(emulator, "s3", allow("s3:PutObject"), allow("kms:Decrypt"))
    message = denied(client.put_object, Bucket=encrypted["bucket"], Key="new", Body=b"")
    assert f"kms:GenerateDataKey on resource: {encrypted['key']} " in message


def test_an_encrypted_object_is_read_with_both_permissions(emulator: Emulator, encrypted: dict[str, str]) -> None:
    client = user_client(emulator, "s3", allow("s3:GetObject"), allow("kms:Decrypt", encrypted["key"]))
    assert client.get_object(Bucket=encrypted["bucket"], Key="key")["Body"].read() == b"content"


def test_publishing_to_an_encrypted_topic_needs_its_key(emulator: Emulator, encrypted: dict[str, str]) -> None:
    attributes = {"KmsMasterKeyId": encrypted["key"]}
    topic = emulator.client("sns").create_topic(Name=unique("topic"), Attributes=attributes)["TopicArn"]
    client = user_client(emulator, "sns", allow("sns:Publish"))
    assert f"on resource: {encrypted['key']} " in denied(client.publish, TopicArn=topic, Message="m")


# ---- denials --------------------------------------------------------------------------------------------


def test_every_denial_is_recorded_as_an_event(emulator: Emulator) -> None:
    name = unique("bucket")
    denied(user_client(emulator, "s3").create_bucket, Bucket=name)
    events = [json.loads(line) for line in emulator.events_file.read_text().splitlines()]
    recorded = [event for event in events if event["kind"] == "iam_denied" and name in event["resource"]]
    assert [(event["action"], event["resource"]) for event in recorded] == [("s3:CreateBucket", f"arn:aws:s3:::{name}")]
    assert ":user/user-" in recorded[0]["id"]


def test_a_request_that_the_emulator_cannot_name_is_denied(emulator: Emulator) -> None:
    client = user_client(emulator, "lambda")

    def ask_for_what_there_is_not(request: Any, **_: Any) -> None:
        request.url = request.url.replace("account-settings", "nothing")

    client.meta.events.register("before-sign.lambda", ask_for_what_there_is_not)
    assert "UnmappedOperation" in denied(client.get_account_settings)
