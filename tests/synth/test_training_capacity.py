"""Spot instances, warm pools and retries, from the settings into the pipeline's definition."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from cdk_app.settings.tuning import Tuning
from stacks import training_capacity
from stacks.fine_tuning import DEFINITION
from stacks.training_capacity import set_capacity


def definition_with(**tuning: Any) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(DEFINITION.read_text("utf-8"))
    set_capacity(definition, Tuning(**tuning))
    return definition


def training(definition: dict[str, Any]) -> dict[str, Any]:
    [step] = [step for step in definition["Steps"] if step["Type"] == "Training"]
    arguments: dict[str, Any] = step["Arguments"]
    return arguments


def attempts(definition: dict[str, Any]) -> list[list[int]]:
    return [[policy["MaxAttempts"] for policy in step.get("RetryPolicies", [])] for step in definition["Steps"]]


def test_the_default_settings_change_nothing() -> None:
    assert definition_with() == json.loads(DEFINITION.read_text("utf-8"))


def test_spot_instances_are_waited_for_as_long_as_the_run_says() -> None:
    definition = definition_with(spot=True, max_runtime_minutes=30)
    arguments = training(definition)
    assert arguments["EnableManagedSpotTraining"] is True
    assert arguments["StoppingCondition"]["MaxWaitTimeInSeconds"] == {"Get": "Parameters.MaxWaitSeconds"}
    assert definition["Parameters"][-1] == {"Name": "MaxWaitSeconds", "Type": "Integer", "DefaultValue": 3600}


def test_a_warm_pool_is_kept_for_the_minutes_of_the_settings() -> None:
    arguments = training(definition_with(keep_alive_minutes=20))
    assert arguments["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 1200
    assert "EnableManagedSpotTraining" not in arguments or not arguments["EnableManagedSpotTraining"]


@pytest.mark.parametrize(("retries", "expected"), [(4, [5, 4]), (9, [5, 9]), (0, [5])])
def test_jobs_are_tried_again_as_often_as_the_settings_say_and_calls_in_any_case(
    retries: int, expected: list[int]
) -> None:
    fine_tune, evaluate, _ = attempts(definition_with(retries=retries))
    assert fine_tune == evaluate == expected


@pytest.mark.parametrize("retries", [0, 1, 4, 9])
def test_what_is_waited_for_are_the_attempts_and_pauses_of_the_definition(retries: int) -> None:
    policies = [
        policy for step in definition_with(retries=retries)["Steps"] for policy in step.get("RetryPolicies", [])
    ]
    pauses = {
        sum(policy["IntervalSeconds"] * policy["BackoffRate"] ** number for number in range(policy["MaxAttempts"]))
        for policy in policies
        if any(kind.startswith("SageMaker.") for kind in policy["ExceptionType"])
    }
    assert pauses == ({training_capacity.pauses_s(Tuning(retries=retries))} if retries else set())
    assert training_capacity.attempts(Tuning(retries=retries)) == 1 + retries


@pytest.mark.parametrize("tuning", [{"spot": True}, {"keep_alive_minutes": 60}])
def test_the_service_knows_what_is_asked_of_it(tuning: dict[str, Any]) -> None:
    arguments = training(definition_with(**tuning))
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob")
    assert model.input_shape is not None
    assert set(arguments) <= set(model.input_shape.members)
    members = model.input_shape.members
    resources = {**arguments["ResourceConfig"], "InstanceCount": 1, "VolumeSizeInGB": 50, "InstanceType": "ml.m5.large"}
    stopping = dict.fromkeys(arguments["StoppingCondition"], 60)
    for shape, value in (("ResourceConfig", resources), ("StoppingCondition", stopping)):
        report = ParamValidator().validate(value, members[shape])
        assert not report.has_errors(), report.generate_report()
