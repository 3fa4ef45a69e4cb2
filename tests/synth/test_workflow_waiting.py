"""How long the state machine waits, for a pipeline, an update and another run's roll-out, and again after a redrive."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import jsonata  # type: ignore[import-untyped]
import pytest

from cdk_app.checks.state_machines.definitions import StateMachine
from tests.synth.scripted_run import RUN, TUNED, Walking, failure, without_time
from tests.synth.walker import TaskError, Walker
from twin.run.resuming import WAITS_FOR_PIPELINE


def test_a_pipeline_that_never_ends_is_stopped(machine: StateMachine) -> None:
    answers = {**TUNED, "DescribeFineTune": {"PipelineExecutionStatus": "Executing"}}
    walked = Walker(without_time(machine.definition), answers).run()
    assert walked.requests["StopFineTune"][0]["PipelineExecutionArn"] == "arn:execution"
    assert failure(walked)["error"]["Error"] == "FineTuneTimedOut"
    assert failure(walked)["step"] == "FineTune"


def test_waiting_for_the_longest_pipeline_does_not_outgrow_the_history(machine: StateMachine) -> None:
    pause = machine.definition["States"]["WaitForFineTune"]["Seconds"].removeprefix("{%").removesuffix("%}")
    expression = jsonata.Jsonata(pause.replace("$millis()", "now").replace("$fine_tune_started", "started"))
    waited, looks = 0, 0
    while waited < 365 * 86_400:
        seconds = expression.evaluate({"started": 1_000_000, "now": 1_000_000 + 1000 * waited})
        assert seconds == int(seconds) >= 30
        assert waited < 3000 or seconds <= 0.01 * waited
        waited, looks = waited + seconds, looks + 1
    assert looks * 9 < 15_000


# Each job is begun once and tried four times again, after 1, 2, 4 and 8 minutes.
TRIED, PAUSES_S = 5, 2 * 15 * 60


def test_a_pipeline_has_the_time_of_both_its_jobs_as_often_as_they_are_tried_and_an_hour(machine: StateMachine) -> None:
    walker = Walker(machine.definition, TUNED)
    before = time.time()
    walker.run()
    longest = TRIED * 2 * 7200 + PAUSES_S + 3600
    assert walker.variables["fine_tune_deadline"] / 1000 - before == pytest.approx(longest, abs=600)


def test_a_pipeline_that_may_wait_for_spot_instances_has_that_time_too(machine: StateMachine) -> None:
    run = {**RUN, "tuning": {"MaxRuntimeSeconds": "7200", "MaxWaitSeconds": "86400"}}
    deadline = machine.definition["States"]["FineTune"]["Assign"]["fine_tune_deadline"]
    expression = deadline.removeprefix("{%").removesuffix("%}").replace("$run", "run")
    evaluated = jsonata.Jsonata(expression).evaluate({"run": run})
    assert evaluated / 1000 - time.time() == pytest.approx(TRIED * (86_400 + 7200) + PAUSES_S + 3600, abs=600)


def test_the_whole_workflow_waits_longer_than_the_longest_pipeline(machine: StateMachine) -> None:
    longest = TRIED * 2 * 7200 * 60 + PAUSES_S + 3600
    assert longest < machine.definition["TimeoutSeconds"] < 365 * 86_400


def test_an_update_that_never_ends_is_a_failure(machine: StateMachine) -> None:
    answers = {**TUNED, "DescribeServing": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}}
    answers["DescribeFineTune"] = {"PipelineExecutionStatus": "Succeeded"}
    walked = Walker(without_time(machine.definition), answers).run()
    assert failure(walked)["error"]["Error"] == "ServingUpdateFailed"


NOW, LONG_AGO = datetime.now(UTC).isoformat(), "2020-02-29T12:00:00.000Z"
SLOW: dict[str, list[Any]] = {
    "DescribeFineTune": [{"PipelineExecutionStatus": "Executing"}, {"PipelineExecutionStatus": "Succeeded"}],
    "DescribeServing": [{"Stacks": [{"StackStatus": f"UPDATE_{end}"}]} for end in ("IN_PROGRESS", "COMPLETE")],
}


@pytest.mark.parametrize("slow", SLOW)
def test_whoever_waits_has_the_whole_time_again_from_a_redrive(machine: StateMachine, slow: str) -> None:
    answers = {**TUNED, "DescribeFineTune": SLOW["DescribeFineTune"][1], slow: SLOW[slow]}
    past = without_time(machine.definition)
    assert Walker(past, answers, redriven=NOW).run().succeeded
    for redriven in (LONG_AGO, ""):
        assert not Walker(past, answers, redriven=redriven).run().succeeded


def test_a_stack_that_is_busy_is_tried_again_after_a_redrive_too(machine: StateMachine) -> None:
    busy = TaskError("CloudFormation.CloudFormationException", "The stack is in UPDATE_IN_PROGRESS state.")
    walked = Walker(without_time(machine.definition), {**TUNED, "UpdateServing": [busy, {}]}, redriven=NOW).run()
    assert walked.succeeded
    assert "WaitToUpdateServing" in walked.visited


def test_what_the_twin_retries_a_pipeline_for_are_the_states_around_it(machine: StateMachine) -> None:
    states = machine.definition["States"]
    assert {name for name, state in states.items() if "WaitForFineTune" in json.dumps(state)} < WAITS_FOR_PIPELINE
    assert states.keys() > WAITS_FOR_PIPELINE


def test_a_redriven_run_looks_at_its_pipeline_as_often_as_a_new_one(machine: StateMachine) -> None:
    pause = machine.definition["States"]["WaitForFineTune"]["Seconds"]
    seconds = {}
    for redriven in (NOW, LONG_AGO, ""):
        walker = Walker(machine.definition, TUNED, redriven=redriven)
        started = time.time() - 86_400
        walker.variables |= {"run": RUN, "fine_tune_started": started * 1000, "fine_tune_deadline": started * 2000}
        seconds[redriven] = walker._render(pause, {"input": {}})
    assert seconds == {NOW: 30, LONG_AGO: 864, "": 864}


def test_a_stack_that_is_busy_is_tried_again(walk: Walking) -> None:
    busy = TaskError("X", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.")
    walked = walk(UpdateServing=[busy, busy, {"StackId": "id"}])
    assert walked.succeeded
    assert walked.visited.count("WaitToUpdateServing") == 2


def test_a_run_waits_for_the_roll_out_of_another_as_long_as_that_may_take(machine: StateMachine) -> None:
    [patience] = [r for r in machine.definition["States"]["ClaimRollout"]["Retry"] if "RolloutBusy" in r["ErrorEquals"]]
    assert patience["IntervalSeconds"] * patience["MaxAttempts"] == 2 * 90 * 60
    assert patience["BackoffRate"] == 1
