"""The state machine's own comments say which step a state belongs to; what the steps give is told as they come."""

import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from twin.emulator import Emulator
from twin.run.board import Board
from twin.run.execution import candidates_at_once, follow, step_of_state
from twin.run.news import News, Prepared, Selected, WentOn

DEFINITION: dict[str, Any] = {
    "States": {
        "Start": {"Comment": "PrepareData: clean the raw records"},
        "Each": {
            "Comment": "EvaluateCandidates: all on one sample",
            "MaxConcurrency": 2,
            "ItemProcessor": {"States": {"One": {"Comment": "EvaluateCandidates: one candidate"}}},
        },
        "Both": {"Branches": [{"States": {"Left": {"Comment": "Deploy: left"}}}]},
        "Plain": {"Comment": "Nothing the user follows"},
    }
}


def test_states_are_found_by_their_comment_also_inside_maps_and_branches() -> None:
    assert step_of_state(DEFINITION) == {
        "Start": "PrepareData",
        "Each": "EvaluateCandidates",
        "One": "EvaluateCandidates",
        "Left": "Deploy",
    }


def test_how_many_candidates_run_at_once_is_what_the_definition_says() -> None:
    assert candidates_at_once(DEFINITION) == 2
    assert candidates_at_once({"States": {}}) == 0


class Account:
    """An account in which an execution trains for the second time, and ends: Step Functions and S3, and its events."""

    def __init__(self, folder: Path) -> None:
        self.events_file = folder / "events.jsonl"
        self.history = [
            self.exited(1, "Resolve", {"tuning": {"TrainData": "s3://curated/docs/run=r1/train"}}),
            self.entered(2, "Start"),
            self.entered(3, "Choose"),
            self.exited(4, "Choose", {"reason": "the cheapest"}),
            self.entered(5, "Tune"),
        ]
        self.trained(0, 1, 2, 3)
        self.looks = 0

    @staticmethod
    def entered(number: int, state: str) -> dict[str, Any]:
        return {"id": number, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}

    @staticmethod
    def exited(number: int, state: str, output: dict[str, Any]) -> dict[str, Any]:
        details = {"name": state, "output": json.dumps(output)}
        return {"id": number, "type": "TaskStateExited", "stateExitedEventDetails": details}

    def trained(self, first: int, *steps: int) -> None:
        records: list[dict[str, Any]] = [{"done": first}, *({"done": step, "loss": 2.5} for step in steps)]
        with self.events_file.open("a") as file:
            for record in records:
                file.write(json.dumps({"kind": "progress", "id": "job", "phase": "train", "total": 8, **record}) + "\n")

    def client(self, _service: str) -> Any:
        return self

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        self.looks += 1
        if self.looks == 2:  # the first is from before it is followed
            self.trained(2)
        described = {"executionArn": "arn", "stateMachineArn": "arn", "name": "r1", "startDate": datetime.now(UTC)}
        return described | {"status": "SUCCEEDED"}

    def describe_state_machine(self, **_: Any) -> dict[str, Any]:
        steps = {"Resolve": "ResolveRun", "Start": "PrepareData", "Choose": "SelectModel", "Tune": "FineTune"}
        states = {name: {"Comment": f"{step}: for the test"} for name, step in steps.items()}
        return {"definition": json.dumps({"States": states})}

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"events": self.history}]

    def get_object(self, **named: str) -> dict[str, Any]:
        return {"Body": BytesIO(json.dumps(named).encode())}


def test_what_the_steps_of_an_execution_give_is_told_while_it_is_followed(tmp_path: Path) -> None:
    board, heard = Board(), list[News]()
    board.hearers.append(heard.append)
    for step in ("PrepareData", "SelectModel", "FineTune"):
        board.add(step, step)
    follow(cast(Emulator, Account(tmp_path)), "arn", board)

    assert heard == [
        Prepared({"Bucket": "curated", "Key": "docs/run=r1/manifest.json"}),
        Selected({"reason": "the cheapest"}),
        WentOn(2, 8, again=1),
    ]
