"""One run at a time rolls out, and only over the champion that it was compared with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.claim_rollout.handler import ChampionChanged, RolloutBusy, handle
from lambdas.shared.errors import AccessDenied

OTHER = "arn:aws:states:eu-west-1:123456789012:execution:fourfold-dev:run-6"
CHAMPION = {"kind": "sagemaker", "endpoint": "fourfold-dev", "model_package_arn": "p/model-package/f/6", "run_id": "r6"}
ADDRESS = "s3://models/run=r6/model.tar.gz"
Claim = Callable[[], dict[str, Any]]


class Table:
    """One DynamoDB item, with the two conditions that the lock knows."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.quicker: str | None = None

    def get(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        assert params["ConsistentRead"] is True
        return {"Item": {"name": {"S": "rollout"}, "holder": {"S": self.holder}}} if self.holder else {}

    def update(self, params: Mapping[str, Any], fail: Callable[..., Mapping[str, Any]]) -> Mapping[str, Any]:
        if self.quicker:
            self.holder = self.quicker
        values = params["ExpressionAttributeValues"]
        conditions = {
            "attribute_not_exists(holder)": self.holder is None,
            "holder = :former": self.holder == values.get(":former", {}).get("S"),
        }
        if not conditions[params["ConditionExpression"]]:
            return fail("UpdateItem", "ConditionalCheckFailedException")
        self.holder = values[":holder"]["S"]
        return {}


@pytest.fixture
def table(cloud: Any, fail: Callable[..., Mapping[str, Any]]) -> Table:
    table = Table()
    cloud.on("dynamodb", "GetItem", table.get)
    cloud.on("dynamodb", "UpdateItem", lambda params: table.update(params, fail))
    return table


@pytest.fixture
def claim(cloud: Any, table: Table, run: dict[str, Any], context: Any, monkeypatch: pytest.MonkeyPatch) -> Claim:
    for name, value in {
        "LOCK_TABLE": "lock",
        "TARGET_PARAMETER": "/target",
        "MODEL_DATA_URL_PARAMETER": "/address",
    }.items():
        monkeypatch.setenv(name, value)
    cloud.parameters |= {"/target": "none", "/address": "none"}
    return lambda: handle({"run": run}, context)


def the_other_is(cloud: Any, status: str) -> None:
    def describe(params: Mapping[str, Any]) -> Mapping[str, Any]:
        assert params["includedData"] == "METADATA_ONLY", "input and output need kms:Decrypt, which the role lacks"
        return {
            "executionArn": params["executionArn"],
            "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:fourfold-dev",
            "status": status,
            "startDate": datetime(2026, 1, 1, tzinfo=UTC),
        }

    cloud.on("stepfunctions", "DescribeExecution", describe)


def test_the_first_run_of_all_gets_the_roll_out(claim: Claim, table: Table, run: dict[str, Any]) -> None:
    assert claim() == {"former_holder": None}
    assert table.holder == run["execution_arn"]


def test_a_run_that_already_has_it_gets_it_again(claim: Claim, table: Table, run: dict[str, Any]) -> None:
    claim()
    assert claim() == {"former_holder": run["execution_arn"]}


def test_a_run_waits_while_another_deploys(claim: Claim, cloud: Any, table: Table) -> None:
    table.holder = OTHER
    the_other_is(cloud, "RUNNING")

    with pytest.raises(RolloutBusy, match="run-6"):
        claim()
    assert table.holder == OTHER


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"])
def test_a_run_that_has_ended_holds_nothing(
    claim: Claim, cloud: Any, table: Table, run: dict[str, Any], status: str
) -> None:
    table.holder = OTHER
    the_other_is(cloud, status)

    assert claim() == {"former_holder": OTHER}
    assert table.holder == run["execution_arn"]


def test_a_run_that_step_functions_has_forgotten_holds_nothing(claim: Claim, cloud: Any, table: Table) -> None:
    table.holder = OTHER
    cloud.refuse("stepfunctions", "DescribeExecution", "ExecutionDoesNotExist")

    assert claim() == {"former_holder": OTHER}


@pytest.mark.parametrize("seen", [None, OTHER])
def test_of_two_runs_that_saw_the_same_holder_only_the_quicker_gets_it(
    claim: Claim, cloud: Any, table: Table, seen: str | None
) -> None:
    table.holder, table.quicker = seen, "arn:quicker"
    the_other_is(cloud, "SUCCEEDED")

    with pytest.raises(RolloutBusy, match="arn:quicker"):
        claim()


def test_a_holder_that_may_not_be_asked_about_is_not_taken_for_ended(claim: Claim, cloud: Any, table: Table) -> None:
    table.holder = OTHER
    cloud.refuse("stepfunctions", "DescribeExecution", "AccessDeniedException", "not authorized")

    with pytest.raises(AccessDenied, match="DescribeExecution"):
        claim()


@pytest.mark.parametrize(
    "deployed", [{"/target": json.dumps(CHAMPION)}, {"/address": ADDRESS}], ids=["target", "address"]
)
def test_a_run_is_refused_when_another_model_was_deployed_meanwhile(
    claim: Claim, cloud: Any, deployed: dict[str, str]
) -> None:
    cloud.parameters |= deployed

    with pytest.raises(ChampionChanged, match="Start a new run"):
        claim()


def test_the_champion_that_the_run_met_is_no_obstacle(claim: Claim, cloud: Any, run: dict[str, Any]) -> None:
    run |= {"champion": CHAMPION, "champion_model_data_url": ADDRESS}
    cloud.parameters |= {"/target": json.dumps(CHAMPION), "/address": ADDRESS}

    assert claim() == {"former_holder": None}
