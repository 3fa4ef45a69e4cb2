"""What an execution learned is read out of its history, whether or not it came to a good end."""

from __future__ import annotations

import json
from typing import Any

from twin.run.history import Results, results

STEPS = {
    "Resolve": "ResolveRun",
    "Choose": "SelectModel",
    "Fork": "SelectModel",
    "Start": "FineTune",
    "Ask": "FineTune",
}


class History:
    """A Step Functions client with one history, a page for each event."""

    def __init__(self, *exits: tuple[str, str, Any]) -> None:
        self._exits = exits

    def get_paginator(self, operation: str) -> History:
        assert operation == "get_execution_history"
        return self

    def paginate(self, executionArn: str) -> list[dict[str, Any]]:  # noqa: N803
        assert executionArn == "arn"
        return [
            {"events": [{"type": kind, "stateExitedEventDetails": {"name": name, "output": json.dumps(output)}}]}
            for kind, name, output in self._exits
        ]


def found(*exits: tuple[str, str, Any]) -> Results:
    return results(History(*exits), "arn", STEPS)


def test_each_step_gives_what_its_last_task_gave() -> None:
    assert found(
        ("TaskStateExited", "Resolve", {"floor": 0.2}),
        ("TaskStateExited", "Start", {"arn": "a"}),
        ("TaskStateExited", "Ask", {"status": "Succeeded"}),
    ) == {"ResolveRun": {"floor": 0.2}, "FineTune": {"status": "Succeeded"}}


def test_a_fork_that_hands_its_input_on_gives_nothing_of_its_own() -> None:
    assert found(
        ("TaskStateExited", "Choose", {"needs_tuning": True}),
        ("ChoiceStateExited", "Fork", {"something": "else"}),
    ) == {"SelectModel": {"needs_tuning": True}}


def test_a_task_whose_error_was_caught_gave_nothing() -> None:
    assert found(("TaskStateExited", "Choose", {"Error": "NoCandidateClearsFloor", "Cause": "{}"})) == {}


def test_states_of_no_step_and_answers_that_are_no_objects_are_left_out() -> None:
    assert found(("TaskStateExited", "Explain", {"step": "FineTune"}), ("TaskStateExited", "Ask", ["x"])) == {}
