"""Conditions on Bedrock's things go by their tags, and what is not there bears none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import iam_evaluator

from twin.bedrock.control import store
from twin.bedrock.control.jobs import stop_job
from twin.emulator import hooks
from twin.emulator.bedrock_iam import further_bedrock, tags_on_bedrock

HERE = "arn:aws:bedrock:us-east-1:000000000000:"
DEPLOYMENT = f"{HERE}custom-model-deployment/abcdefghijkl"
JOB = f"{HERE}model-customization-job/abcdefghijkl"


@pytest.fixture(autouse=True)
def records() -> Iterator[None]:
    saved = store.save()
    store.add("deployment", DEPLOYMENT, {"_tags": [{"key": "project", "value": "fourfold"}]})
    yield
    store.load(saved)


def test_a_thing_s_tags_are_keys_of_conditions_and_what_is_not_there_has_none() -> None:
    assert tags_on_bedrock(DEPLOYMENT) == {"aws:ResourceTag/project": "fourfold"}
    assert tags_on_bedrock(f"{DEPLOYMENT}x") == {}


def test_the_evaluation_of_bedrock_s_actions_alone_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(iam_evaluator, "enforce", lambda *given: seen.append(given[-1]))
    hooks.give_condition_keys("bedrock", tags_on_bedrock)
    iam_evaluator.enforce("key", "bedrock:InvokeModel", "bedrock-runtime", "us-east-1", DEPLOYMENT)
    iam_evaluator.enforce("key", "bedrock:TagResource", "bedrock", "us-east-1", DEPLOYMENT, {"aws:RequestTag/a": "b"})
    iam_evaluator.enforce("key", "s3:GetObject", "s3", "us-east-1", DEPLOYMENT)
    assert seen == [
        {"aws:ResourceTag/project": "fourfold"},
        {"aws:ResourceTag/project": "fourfold", "aws:RequestTag/a": "b"},
        None,
    ]


def test_what_a_request_tags_is_a_key_of_the_permission_to_tag() -> None:
    body = b'{"modelDeploymentName": "d", "modelArn": "m", "tags": [{"key": "project", "value": "fourfold"}]}'
    request = hooks.Request("bedrock", "POST", "/model-customization/custom-model-deployments", {}, body)
    [needed] = further_bedrock(request)
    assert needed.context == {"aws:RequestTag/project": "fourfold", "aws:TagKeys": ["project"]}


def test_a_job_that_is_stopping_is_not_stopped_again() -> None:
    store.add("job", JOB, {"jobName": "name", "status": "Stopping"})
    request = hooks.Request("bedrock", "POST", "/model-customization-jobs/name/stop", {}, b"")
    with pytest.raises(hooks.ServiceError) as refused:
        stop_job(request, {"jobIdentifier": JOB})
    assert refused.value.code == "ConflictException"
