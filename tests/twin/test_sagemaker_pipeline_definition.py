"""Definitions are read, or refused with everything that is wrong with them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.twin.sagemaker_account import SERVING_IMAGE, TRAINING_IMAGE
from twin.sagemaker.pipeline.definition import DefinitionError, parse
from twin.sagemaker.pipeline.graph import dependencies

Json = dict[str, Any]
ROLE = "arn:aws:iam::000000000000:role/job"
TRAIN: Json = {
    "Name": "Train",
    "Type": "Training",
    "Arguments": {
        "AlgorithmSpecification": {"TrainingImage": TRAINING_IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"epochs": {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Epochs"}]}}},
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": {"Get": "Parameters.Seconds"}},
        "RoleArn": ROLE,
    },
    "CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"},
    "RetryPolicies": [{"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "MaxAttempts": 2}],
}
EVALUATE: Json = {
    "Name": "Evaluate",
    "Type": "Processing",
    "Arguments": {
        "AppSpecification": {"ImageUri": TRAINING_IMAGE, "ContainerEntrypoint": ["true"]},
        "ProcessingInputs": [
            {
                "InputName": "model",
                "S3Input": {
                    "S3Uri": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"},
                    "S3DataType": "S3Prefix",
                    "LocalPath": "/opt/ml/processing/input/model",
                },
            }
        ],
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "RoleArn": ROLE,
    },
    "PropertyFiles": [{"PropertyFileName": "Report", "OutputName": "report", "FilePath": "report.json"}],
}
LOSS: Json = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": "loss"}}
GATE: Json = {
    "Name": "Gate",
    "Type": "Condition",
    "Arguments": {
        "Conditions": [{"Type": "LessThan", "LeftValue": LOSS, "RightValue": 1}],
        "IfSteps": [
            {
                "Name": "Register",
                "Type": "RegisterModel",
                "Arguments": {
                    "ModelPackageGroupName": "models",
                    "InferenceSpecification": {"Containers": [{"Image": SERVING_IMAGE}]},
                },
            }
        ],
        "ElseSteps": [{"Name": "TooBad", "Type": "Fail", "Arguments": {"ErrorMessage": "loss too high"}}],
    },
}
DEFINITION: Json = {
    "Version": "2020-12-01",
    "Metadata": {},
    "Parameters": [
        {"Name": "Epochs", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Seconds", "Type": "Integer", "DefaultValue": 60},
    ],
    "Steps": [TRAIN, EVALUATE, GATE],
}


def changed(path: list[Any], value: Any) -> Json:
    definition = copy.deepcopy(DEFINITION)
    place: Any = definition
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return definition


def problems(definition: Json) -> str:
    with pytest.raises(DefinitionError) as error:
        parse(json.dumps(definition))
    return str(error.value)


def test_a_definition_is_read_into_steps_with_what_they_wait_for() -> None:
    definition = parse(json.dumps(DEFINITION))
    assert [step.name for step in definition.steps] == ["Train", "Evaluate", "Gate"]
    assert {name: set(dependencies(step)) for name, step in definition.all_steps.items()} == {
        "Train": set(),
        "Evaluate": {"Train"},
        "Gate": {"Evaluate"},
        "Register": set(),
        "TooBad": set(),
    }
    train = definition.all_steps["Train"]
    assert train.cache_for_s == 86_400
    assert train.retry_policies[0].max_attempts == 2
    assert [step.name for step in definition.all_steps["Gate"].if_steps] == ["Register"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["Version"], "2019-01-01", "The version must be 2020-12-01, not 2019-01-01."),
        (["PipelineExperimentConfig"], {"ExperimentName": "x"}, "The property PipelineExperimentConfig"),
        (["Steps"], [], "The definition has no steps."),
        (["Steps", 0, "Type"], "EMR", "The type 'EMR' of step Train is not supported (supported: Condition"),
        (["Steps", 0, "Retries"], 3, "The property Retries of step Train"),
        (["Steps", 0, "Arguments", "VpcConfig"], {"Subnets": ["s"], "SecurityGroupIds": ["g"]}, "The property VpcConf"),
        (["Steps", 0, "Arguments", "Colour"], "red", "Unknown parameter 'Colour'"),
        (["Steps", 0, "Arguments", "RoleArn"], None, "'roleArn' failed to satisfy constraint: Member must not be null"),
        (["Steps", 0, "Arguments", "TrainingJobName"], "mine", "The property TrainingJobName"),
        (["Steps", 0, "Arguments", "Environment"], "text", "can not be read as a map"),
        (["Steps", 0, "DependsOn"], ["Nobody"], "depends on the step Nobody, which does not exist"),
        (["Steps", 0, "DependsOn"], ["Evaluate"], "The steps Evaluate, Gate, Register, TooBad, Train depend on each"),
        (["Steps", 0, "CacheConfig"], {"Enabled": True, "ExpireAfter": "soon"}, "'soon' is not an ISO 8601 duration"),
        (["Steps", 0, "RetryPolicies", 0, "ExceptionType"], ["Step.BAD_LUCK"], "The exception type 'Step.BAD_LUCK'"),
        (["Steps", 0, "PropertyFiles"], EVALUATE["PropertyFiles"], "PropertyFiles of step Train is not supported by"),
        (["Steps", 1, "Name"], "Train", "The step name Train is used twice."),
        (["Steps", 1, "PropertyFiles"], [], "Invalid property file reference"),
        (["Steps", 2, "Arguments", "Conditions"], [], "Step Gate has no conditions."),
        (["Steps", 2, "Arguments", "Conditions", 0, "Type"], "Like", "The condition type 'Like'"),
        (["Steps", 2, "Arguments", "ElseSteps", 0, "Arguments"], {}, "exactly the argument ErrorMessage"),
        (["Steps", 2, "Arguments", "IfSteps", 0, "Type"], "Callback", "The type 'Callback' of step Register"),
        (["Parameters", 0, "Type"], "Date", "The type 'Date' of parameter Epochs"),
        (["Parameters", 0, "DefaultValue"], "many", "The default value is wrong. Parameter Epochs"),
        (["Parameters", 1, "Name"], "Epochs", "The parameter Epochs is defined twice."),
        (["Parameters", 0, "Name"], "Rounds", "Invalid parameter reference 'Parameters.Epochs'."),
    ],
)
def test_what_is_wrong_is_refused_by_name(path: list[Any], value: Any, expected: str) -> None:
    assert expected in problems(changed(path, value))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Steps.Train.ModelArtifacts.Size", "there is no 'Size'"),
        ("Steps.Gate.Outcome", "a step of type Condition has no properties"),
        ("Steps.Nobody.Arn", "Invalid property reference 'Steps.Nobody.Arn'"),
        ("Execution.Weather", "Invalid execution reference"),
        ("Weather.Today", "Invalid property reference"),
    ],
)
def test_a_reference_to_what_no_step_has_is_refused(reference: str, expected: str) -> None:
    path = ["Steps", 1, "Arguments", "ProcessingInputs", 0, "S3Input", "S3Uri"]
    assert expected in problems(changed(path, {"Get": reference}))


def test_all_problems_are_reported_together() -> None:
    definition = changed(["Steps", 0, "Arguments", "VpcConfig"], {"Subnets": ["s"], "SecurityGroupIds": ["g"]})
    definition["Steps"][1]["Colour"] = "red"
    found = problems(definition)
    assert "VpcConfig" in found
    assert "Colour" in found


@pytest.mark.parametrize("text", ["", "[]", "{", '"text"'])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        parse(text)
