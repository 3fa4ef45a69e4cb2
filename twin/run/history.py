"""What the tasks of an execution gave, out of its history.

A run that fails has no output, but what it learned before that is there: what it was told to do, and what it chose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Results = dict[str, dict[str, Any]]
"""The object that a step's task gave, by the step's name; of several tasks, the last one's."""

_OF_A_CAUGHT_ERROR = {"Error", "Cause"}


def results(client: Any, execution_arn: str, step_of: Mapping[str, str]) -> Results:
    """Return what each step of an execution has given so far.

    Args:
        client: a Step Functions client.
        execution_arn: the execution.
        step_of: the step of each state; see `step_of_state`.
    """
    found: Results = {}
    for page in client.get_paginator("get_execution_history").paginate(executionArn=execution_arn):
        for event in page["events"]:
            if event["type"] != "TaskStateExited":
                continue
            details = event["stateExitedEventDetails"]
            given, step = json.loads(details["output"]), step_of.get(details["name"])
            # A task whose error was caught exits, too, with the error for its output.
            if step is not None and isinstance(given, dict) and not given.keys() <= _OF_A_CAUGHT_ERROR:
                found[step] = given
    return found
