"""Throughput that is bought for a customized model ends by itself, whatever becomes of the run and of the stack."""

from __future__ import annotations

import json
import re
import time

import jsonata  # type: ignore[import-untyped]
import pytest

from cdk_app.checks import Assembly
from tests.synth.customization.scripted_job import ANSWERS, CUSTOM, NAME
from tests.synth.scripted_run import Walking, machine_of
from tests.synth.walker import TaskError, Walker, in_order


def test_throughput_has_its_end_before_it_begins(walk_provisioned: Walking) -> None:
    walked = walk_provisioned()
    assert walked.succeeded, walked.cause
    assert in_order(walked.visited, "ExpireThroughput", "ProvisionThroughput", "DescribeThroughput", "PublishTarget")
    [schedule], [bought] = walked.requests["ExpireThroughput"], walked.requests["ProvisionThroughput"]
    assert schedule["Name"] == bought["ProvisionedModelName"] == NAME
    assert schedule["ScheduleExpression"].startswith("at(20")
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert json.loads(schedule["Target"]["Input"]) == {"name": NAME, "run_id": "run_1"}
    assert "CommitmentDuration" not in bought


def test_throughput_is_not_bought_where_its_end_cannot_be_scheduled(walk_provisioned: Walking) -> None:
    walked = walk_provisioned(ExpireThroughput=TaskError("Scheduler.ServiceQuotaExceededException", "too many"))
    assert "ProvisionThroughput" not in walked.visited


def test_a_schedule_that_is_there_already_is_moved_whole_to_the_new_end(walk_provisioned: Walking) -> None:
    there = TaskError("Scheduler.ConflictException", "exists")
    walked = walk_provisioned(ExpireThroughput=there, MoveExpiry={"ScheduleArn": "arn:schedule"})
    assert in_order(walked.visited, "ExpireThroughput", "MoveExpiry", "ProvisionThroughput")
    [asked], [moved] = walked.requests["ExpireThroughput"], walked.requests["MoveExpiry"]
    assert moved.keys() == asked.keys()
    assert moved["State"] == "ENABLED"
    gone = TaskError("Scheduler.ResourceNotFoundException", "it has just run")
    walked = walk_provisioned(ExpireThroughput=there, MoveExpiry=gone)
    assert "ProvisionThroughput" not in walked.visited


def test_a_redrive_after_the_end_buys_nothing(provisioned: Assembly) -> None:
    walker = Walker(machine_of(provisioned).definition, ANSWERS)
    model = machine_of(provisioned).definition["States"]["ProvisionThroughput"]["Arguments"]["ModelId"]
    walker.variables["customized"] = {"model_arn": CUSTOM}
    walker.variables["buy_before"] = time.time() * 1000 + 60_000
    assert walker._render(model, {"input": {}}) == CUSTOM
    walker.variables["buy_before"] = time.time() * 1000 - 60_000
    with pytest.raises(jsonata.JException, match="Start a new run"):
        walker._render(model, {"input": {}})


def test_throughput_is_bought_only_while_its_end_is_well_ahead(provisioned: Assembly) -> None:
    states = machine_of(provisioned).definition["States"]
    for name in ("ExpireThroughput", "MoveExpiry"):
        [added] = re.findall(r"\+ (\d+)", states[name]["Assign"]["buy_before"])
        [end] = re.findall(r"\+ (\d+)", states[name]["Arguments"]["ScheduleExpression"])
        assert int(end) == 48 * 3_600_000
        assert int(end) - int(added) == 1_200_000


def test_what_ends_throughput_outlives_its_stack_and_is_there_only_where_throughput_is_bought(
    on_demand: Assembly, provisioned: Assembly
) -> None:
    def kept(assembly: Assembly) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for template in assembly.templates.values():
            for name, body in template["Resources"].items():
                if name.startswith("CustomizationExpiry"):
                    found.setdefault(body["Type"], set()).add(body.get("DeletionPolicy", "Delete"))
        return found

    assert kept(on_demand) == {}
    assert kept(provisioned) == {
        "AWS::Lambda::Function": {"RetainExceptOnCreate"},
        "AWS::IAM::Role": {"RetainExceptOnCreate"},
        "AWS::IAM::Policy": {"RetainExceptOnCreate"},
        "AWS::Logs::LogGroup": {"Delete"},
        "AWS::CloudWatch::Alarm": {"Delete"},
    }
