"""Machines that train and serve, and the API: what does not go together is refused, its harmless neighbour is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.conftest import Load, Problems, found


@pytest.mark.parametrize(
    ("instance_type", "what"),
    [("ml.g5.xlarge", "a GPU instance"), ("ml.inf2.xlarge", "a GPU instance"), ("ml.c7i.xlarge", "an instance")],
)
def test_a_serverless_endpoint_has_no_instance_and_least_of_all_a_gpu(
    problems: Problems, document: dict[str, Any], instance_type: str, what: str
) -> None:
    document["serving"] = {"instance_type": instance_type}
    message = f"a serverless endpoint cannot have {what} (`{instance_type}`)"
    assert found(problems(document)) == [("serving.instance_type", message)]


def test_a_serverless_endpoint_has_no_instances_to_count(problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"instance_count": 2}
    assert [key for key, _ in found(problems(document))] == ["serving.instance_count"]


def test_a_real_time_endpoint_needs_an_instance_type(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"mode": "real-time"}
    assert found(problems(document)) == [("serving.instance_type", "a real-time endpoint needs an instance type")]
    document["serving"] = {"mode": "real-time", "instance_type": "ml.c7i.xlarge", "instance_count": 2}
    assert load(document).serving.instance_count == 2


@pytest.mark.parametrize(
    ("instance_type", "why"),
    [
        ("ml.g5.xlarge", "leaves idle"),
        ("ml.trn1.2xlarge", "leaves idle"),
        ("ml.inf2.xlarge", "leaves idle"),
        ("ml.c7g.xlarge", "Arm processor"),
        ("ml.m8g.large", "Arm processor"),
    ],
)
def test_an_instance_that_the_serving_image_cannot_use_is_refused(
    problems: Problems, document: dict[str, Any], instance_type: str, why: str
) -> None:
    document["serving"] = {"mode": "real-time", "instance_type": instance_type}
    (problem,) = problems(document)
    assert problem.key == "serving.instance_type"
    assert why in problem.message


@pytest.mark.parametrize(
    ("setting", "instance_type", "use"),
    [
        ("instance_type", "ml.g5.xlagre", "training jobs"),
        ("instance_type", "ml.inf2.xlarge", "training jobs"),
        ("evaluation_instance_type", "ml.g5.xlagre", "processing jobs"),
        ("evaluation_instance_type", "ml.trn1.2xlarge", "processing jobs"),
    ],
)
def test_an_instance_type_that_sagemaker_lacks_for_its_use_is_refused(
    problems: Problems, document: dict[str, Any], setting: str, instance_type: str, use: str
) -> None:
    document["tuning"] = {setting: instance_type}
    assert found(problems(document)) == [(f"tuning.{setting}", f"SageMaker has no `{instance_type}` for {use}")]


def test_an_endpoint_on_an_unknown_instance_type_is_refused(problems: Problems, document: dict[str, Any]) -> None:
    document["serving"] = {"mode": "real-time", "instance_type": "ml.c7i.xlagre"}
    (problem,) = problems(document)
    assert problem.message == "SageMaker has no `ml.c7i.xlagre` for endpoints"
    assert "`ml.c7i.xlarge`" in problem.remedy


def test_the_api_of_prod_is_never_open(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["gateway"] = {"authorization": "none"}
    assert found(problems(document)) == [("gateway.authorization", "`none` opens the API of `prod` to everyone")]
    document["gateway"] = {}
    document["environments"] = {"dev": {"gateway": {"authorization": "none"}}}
    assert load(document, "dev").gateway.authorization == "none"


def test_a_warm_pool_of_spot_instances_is_refused(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"spot": True, "keep_alive_minutes": 10}
    [(key, message)] = found(problems(document))
    assert (key, message) == ("tuning.keep_alive_minutes", "SageMaker keeps no spot instances ready for the next job")
    for tuning in ({"spot": True}, {"keep_alive_minutes": 10}):
        document["tuning"] = tuning
        load(document)


def test_waiting_for_spot_instances_takes_at_least_as_long_as_running(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["tuning"] = {"spot": True, "max_runtime_minutes": 60, "max_wait_minutes": 59}
    [(key, message)] = found(problems(document))
    assert key == "tuning.max_wait_minutes"
    assert "includes the 60 minutes" in message
    document["tuning"]["max_wait_minutes"] = 60
    assert load(document).tuning.longest_wait_minutes == 60
    del document["tuning"]["max_wait_minutes"]
    assert load(document).tuning.longest_wait_minutes == 120


def test_without_spot_instances_nothing_is_waited_for(problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"max_wait_minutes": 600}
    assert found(problems(document)) == [("tuning.max_wait_minutes", "nothing is waited for without spot instances")]
