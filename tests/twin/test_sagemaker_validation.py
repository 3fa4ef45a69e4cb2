"""Requests are judged by SageMaker's model, and by what is honoured here."""

from __future__ import annotations

from typing import Any

import pytest

from twin.emulator.hooks import ServiceError
from twin.sagemaker import honoured, validation
from twin.sagemaker.images import require_image
from twin.sagemaker.support import require_support
from twin.support import ANY, unsupported

VALID: dict[str, Any] = {
    "TrainingJobName": "job",
    "RoleArn": "arn:aws:iam::000000000000:role/job",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
}


def refusal(parameters: dict[str, Any], operation: str = "CreateTrainingJob") -> ServiceError:
    with pytest.raises(ServiceError) as error:
        validation.check(operation, parameters)
    return error.value


def test_a_valid_request_passes() -> None:
    validation.check("CreateTrainingJob", VALID)


def test_every_violation_is_reported_in_awss_wording() -> None:
    error = refusal({"TrainingJobName": "not a name", "RoleArn": VALID["RoleArn"]})
    assert error.code == "ValidationException"
    assert error.message.startswith("2 validation errors detected: ")
    assert "Value null at 'outputDataConfig' failed to satisfy constraint: Member must not be null" in error.message
    assert "Value 'not a name' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular" in (
        error.message
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Tags": [{"Key": "", "Value": "x"}]}, "'tags.1.member.key' failed to satisfy constraint: Member must have"),
        ({"TrainingJobName": "x" * 64}, "Member must have length less than or equal to 63"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "Member must have value greater than or equal to 1"),
        ({"ResourceConfig": {"InstanceType": "huge"}}, "Member must satisfy enum value set: ["),
        ({"Colour": "red"}, "Unknown parameter 'Colour'"),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://b/o", "Speed": 3}},
            "Unknown parameter 'Speed' at 'outputDataConf",
        ),
    ],
)
def test_each_kind_of_violation_is_named(change: dict[str, Any], expected: str) -> None:
    assert expected in refusal({**VALID, **change}).message


@pytest.mark.parametrize(
    ("union", "passes"),
    [
        ({"ImageClassificationJobConfig": {}}, True),
        ({"ImageClassificationJobConfig": {}, "TextGenerationJobConfig": None}, True),
        ({"ImageClassificationJobConfig": {}, "TextGenerationJobConfig": {}}, False),
        ({"ImageClassificationJobConfig": None}, False),
        ({}, False),
    ],
)
def test_a_union_has_exactly_one_member_that_is_not_null(union: dict[str, Any], passes: bool) -> None:
    message = refusal({"AutoMLProblemTypeConfig": union}, "CreateAutoMLJobV2").message
    assert ("'autoMLProblemTypeConfig' failed to satisfy constraint: Member must have exactly one of" in message) is (
        not passes
    )


@pytest.mark.parametrize(
    "change", [{"TrainingJobName": 3}, {"EnableNetworkIsolation": "yes"}, {"Tags": {}}, {"HyperParameters": {"a": 1}}]
)
def test_a_value_of_the_wrong_type_cannot_be_read(change: dict[str, Any]) -> None:
    assert refusal({**VALID, **change}).code == "SerializationException"


def test_a_member_without_value_counts_as_not_given() -> None:
    validation.check("CreateTrainingJob", {**VALID, "VpcConfig": None})
    assert "must not be null" in refusal({**VALID, "RoleArn": None}).message


def test_what_is_not_honoured_is_refused_by_name() -> None:
    request = {**VALID, "VpcConfig": {"Subnets": ["s"]}, "ResourceConfig": {"InstanceCount": 5}}
    with pytest.raises(ServiceError, match="The property VpcConfig is not supported here") as error:
        require_support(honoured.TRAINING_JOB, request)
    assert "The value 5 of ResourceConfig.InstanceCount is not supported here (supported: 1, 2, 3, 4)." in str(error)


def test_members_within_lists_are_looked_at() -> None:
    table = {"Channels": {"Mode": frozenset({"File"})}}
    found = list(unsupported(table, {"Channels": [{"Mode": "File"}, {"Mode": "Pipe", "Extra": 1}]}))
    assert [sentence.partition(" is not")[0] for sentence in found] == [
        "The value 'Pipe' of Channels[1].Mode",
        "The property Channels[1].Extra",
    ]


def test_a_property_that_is_switched_off_is_honoured() -> None:
    switched = [{**VALID, "RemoteDebugConfig": {"EnableRemoteDebug": on}, "VpcConfig": None} for on in (False, True)]
    require_support(honoured.TRAINING_JOB, switched[0])
    with pytest.raises(ServiceError, match="EnableRemoteDebug"):
        require_support(honoured.TRAINING_JOB, switched[1])


@pytest.mark.parametrize(
    ("operation", "table"),
    [
        ("CreateTrainingJob", honoured.TRAINING_JOB),
        ("CreateProcessingJob", honoured.PROCESSING_JOB),
        ("CreateModel", honoured.MODEL),
        ("CreateModelPackage", honoured.MODEL_PACKAGE),
        ("CreateModelPackageGroup", honoured.MODEL_PACKAGE_GROUP),
        ("CreateEndpointConfig", honoured.ENDPOINT_CONFIG),
        ("CreateEndpoint", honoured.ENDPOINT),
    ],
)
def test_everything_that_is_honoured_exists_in_the_api(operation: str, table: dict[str, Any]) -> None:
    def missing(shape: Any, members: Any, path: str) -> list[str]:
        if members is ANY or isinstance(members, frozenset):
            return []
        shape = shape.member if shape.type_name == "list" else shape
        unknown = [f"{path}.{name}" for name in members if name not in shape.members]
        known = [name for name in members if name in shape.members]
        return unknown + [one for n in known for one in missing(shape.members[n], members[n], f"{path}.{n}")]

    assert missing(validation.model().operation_model(operation).input_shape, table, operation) == []


def test_an_image_that_nothing_stands_in_for_is_refused_by_name() -> None:
    registry = "763104351884.dkr.ecr.eu-west-1.amazonaws.com"
    require_image(f"{registry}/huggingface-pytorch-training:2.9.0-gpu", "training")
    require_image(f"{registry}/llama-cpp:server-sagemaker-cpu-v1@sha256:{'0' * 64}", "serving")
    with pytest.raises(ServiceError, match=r"Requested image .*/xgboost:1 not found.*known: huggingface"):
        require_image(f"{registry}/xgboost:1", "training")
    with pytest.raises(ServiceError, match="llama-cpp in training"):
        require_image(f"{registry}/llama-cpp:server-sagemaker-cpu-v1", "training")
