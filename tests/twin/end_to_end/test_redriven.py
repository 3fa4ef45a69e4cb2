"""A run that is stopped in state after state goes on with each one where it was: what was done is not done again."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import TUNED
from tests.twin.helpers import wait_until
from twin.run.execution import Outcome, follow, start
from twin.run.session import new_board

# These wait for jobs that take seconds, and are always seen. Others last as long as a function does, and on a busy
# machine some are over before they are looked at.
LONG = {"PrepareData", "EvaluateCandidates", "WaitForFineTune"}
FEWEST_OTHERS = 4


class Redriven:
    """An execution that is stopped in each state, as soon as it is entered, and redriven until its end."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client, self.arn = client, arn
        self.stopped_in: list[str] = []

    def to_the_end(self) -> None:
        while self._status() == "RUNNING":
            entered = self._entered_last()
            if entered and entered not in self.stopped_in and self._stop():
                self.stopped_in.append(entered)
                self._redrive()
            time.sleep(0.02)

    def states(self, event: str) -> list[str]:
        """The machine's own states by an event of theirs, in its order."""
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        events = (seen for page in pages for seen in page["events"] if seen["type"].endswith(event))
        return [(seen.get("stateEnteredEventDetails") or seen["stateExitedEventDetails"])["name"] for seen in events]

    def asking_again(self) -> set[str]:
        """The states that a run may come back to without a redrive, such as those that wait for a pipeline."""
        machine = self._client.describe_execution(executionArn=self.arn)["stateMachineArn"]
        states = json.loads(self._client.describe_state_machine(stateMachineArn=machine)["definition"])["States"]
        following = {name: set(_next_of(state)) for name, state in states.items()}
        return {name for name in states if name in _reached(name, following)}

    def _entered_last(self) -> str | None:
        """The state it is in, by one page from the end: the whole history takes longer than a short state."""
        latest = self._client.get_execution_history(executionArn=self.arn, reverseOrder=True, maxResults=100)["events"]
        entered = (seen["stateEnteredEventDetails"]["name"] for seen in latest if "stateEnteredEventDetails" in seen)
        return next(entered, None)

    def _status(self) -> str:
        return str(self._client.describe_execution(executionArn=self.arn)["status"])

    def _stop(self) -> bool:
        try:
            self._client.stop_execution(executionArn=self.arn, error="Killed", cause="by the test")
        except ClientError as error:
            # It has ended since it was looked at.
            if "not running" not in str(error):
                raise
            return False
        return self._status() == "ABORTED"

    def _redrive(self) -> None:
        def redriven() -> bool:
            try:
                self._client.redrive_execution(executionArn=self.arn)
            except ClientError as error:
                # A state is still ending.
                if "try again" not in str(error):
                    raise
                return False
            return True

        wait_until(redriven, bool, seconds=300)


def _next_of(state: dict[str, Any]) -> list[str]:
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return [name for way in ways for name in (way.get("Next"), way.get("Default")) if name]


def _reached(start: str, following: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(following[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= following[name]
    return found


@pytest.fixture(scope="module")
def redriven(deployed: Deployed) -> Redriven:
    arn = start(deployed.emulator, deployed.outputs["StateMachineArn"], str(uuid.uuid4()), TUNED)
    run = Redriven(deployed.emulator.client("stepfunctions"), arn)
    run.to_the_end()
    return run


@pytest.fixture(scope="module")
def outcome(deployed: Deployed, redriven: Redriven) -> Outcome:
    return follow(deployed.emulator, redriven.arn, new_board())


def test_a_run_stopped_in_every_state_comes_to_its_end(redriven: Redriven, outcome: Outcome) -> None:
    assert outcome.status == "SUCCEEDED", (outcome.cause, redriven.stopped_in)
    assert set(redriven.stopped_in) >= LONG
    assert len(set(redriven.stopped_in) - LONG) >= FEWEST_OTHERS, redriven.stopped_in


def test_no_state_that_was_done_is_done_again(redriven: Redriven) -> None:
    done = Counter(redriven.states("StateExited"))
    assert {"PrepareData", "SelectModel", "Deploy"} <= done.keys() - redriven.asking_again()
    assert {name: times for name, times in done.items() if times > 1 and name not in redriven.asking_again()} == {}


def test_its_jobs_came_to_their_end_once(deployed: Deployed, outcome: Outcome) -> None:
    glue, sagemaker = deployed.emulator.client("glue"), deployed.emulator.client("sagemaker")
    runs = [run for job in glue.get_jobs()["Jobs"] for run in glue.get_job_runs(JobName=job["Name"])["JobRuns"]]
    prepared = [run["JobRunState"] for run in runs if run["Arguments"].get("--run_id") == outcome.run_id]
    assert prepared.count("SUCCEEDED") == 1, prepared
    trained = [
        job["TrainingJobStatus"]
        for job in sagemaker.list_training_jobs(SortBy="CreationTime")["TrainingJobSummaries"]
        if job["CreationTime"] >= outcome.started
    ]
    assert trained.count("Completed") == 1, trained
