"""The report of a run that was stopped and resumed tells its attempts apart, and adds their times up."""

from __future__ import annotations

from typing import Any

import pytest

from cli.figures import rows
from tests.unit.report.outputs import OUTPUTS, prepared
from tests.unit.run.left_behind import attempt
from twin.report import collect
from twin.report.artefacts import Artefacts
from twin.report.attempts import training_went_on
from twin.report.page import render
from twin.run.attempts import INTERRUPTED, Attempt, Taken
from twin.run.board import Board
from twin.run.execution import Outcome

STOPPED = 'interrupted in "Fine-tune (SageMaker pipeline)"'
SECOND = Attempt(
    "2026-11-26T11:30:00+00:00",
    "2026-11-26T11:31:10+00:00",
    "SUCCEEDED",
    steps=(
        Taken("PrepareData", "Prepare the data (Glue)", "SUCCEEDED", before=True),
        Taken("SmokeTest", "Smoke test", "SKIPPED"),
        Taken("FineTune", "Fine-tune (SageMaker pipeline)", "SUCCEEDED", 40.0, 70.0),
        Taken("AwaitApproval", "Approve", "SUCCEEDED", 29.0, 1.0),
    ),
)
TRAINED = {"resumed_from": [40], "curve": [{"step": 1, "loss": 4.0}, {"step": 84, "loss": 3.0}]}
WENT_ON = "Training was stopped, and went on from its checkpoint at step 40 of 84: what it had learned was not lost."


def report(board: Board, *attempts: Attempt) -> dict[str, Any]:
    results: dict[str, dict[str, Any]] = {
        "AwaitApproval": {"approved_by": "jo", "approved_at": None},
        "ResolveRun": {"floor": 0.3},
    }
    outcome = Outcome("arn", "r1", "SUCCEEDED", {}, results=results)
    return collect(outcome, board, Artefacts(prepared(), OUTPUTS, "d", "r1"), None, [], attempts=attempts)


def test_times_of_steps_are_those_of_all_attempts_and_each_attempt_has_its_own(board: Board) -> None:
    waited = Taken("AwaitApproval", "Approve", "RUNNING", 10.0, 1.0)
    found = report(board, attempt(INTERRUPTED), attempt(step=waited), SECOND)

    times = {step["name"]: (step["status"], step["wall_s"], step["cpu_s"]) for step in found["steps"]}
    assert times["PrepareData"] == ("SUCCEEDED", 60.0, 100.0)
    assert times["FineTune"] == ("SUCCEEDED", 101.0, 170.0)
    assert found["approval"]["waited_s"] == 39.0
    assert [(a["how"], a["wall_s"], a["cpu_s"]) for a in found["attempts"]] == [
        (STOPPED, 91.0, 150.0),
        ('killed in "Approve", or its terminal closed', 40.0, 51.0),
        ("succeeded", 69.0, 71.0),
    ]
    assert found["attempts"][0]["started"] == "2026-11-26T10:00:00+00:00"
    assert found["attempts"][0]["ended"] == "2026-11-26T10:02:03+00:00"
    assert [step["name"] for step in found["attempts"][0]["steps"]] == ["PrepareData", "FineTune"]
    assert [step["name"] for step in found["attempts"][2]["steps"]] == ["FineTune", "AwaitApproval"]


def test_the_page_shows_each_attempt_with_its_end_and_where_training_went_on(
    board: Board, whole: dict[str, Any]
) -> None:
    found = report(board, attempt(INTERRUPTED), SECOND)
    page = render(whole | {"attempts": found["attempts"], "tuning": whole["tuning"] | {"resumed_from": [1]}})

    row = "<td>2026-11-26 10:00:00</td><td>2026-11-26 10:02:03</td><td>interrupted in &#34;Fine-tune (SageMaker"
    assert row in page
    assert "<td>2026-11-26 11:30:00</td><td>2026-11-26 11:31:10</td><td>succeeded</td>" in page
    assert '<td class="n">2 min 40 s</td><td class="n">3 min 41 s</td>' in page
    assert "went on from its checkpoint at step 1 of 2" in page
    assert page.count("Time by step, attempt") == 2
    assert "Time by step, all attempts" in page


def test_a_terminal_shows_the_attempts_too(board: Board, whole: dict[str, Any]) -> None:
    found = report(board, attempt(INTERRUPTED), SECOND)
    lines = dict(rows(whole | {"attempts": found["attempts"], "tuning": whole["tuning"] | TRAINED}))
    assert lines["Attempts"] == (
        f"2 attempts: after 1 min 31 s: {STOPPED}; after 1 min 09 s: succeeded. Their steps took 2 min 40 s in all."
    )
    assert lines["Training"] == WENT_ON


def test_a_run_of_one_attempt_says_nothing_of_attempts(board: Board, whole: dict[str, Any]) -> None:
    found = report(board, SECOND)
    assert len(found["attempts"]) == 1
    shown = whole | {"attempts": found["attempts"]}
    assert "ttempt" not in render(shown)
    assert not {"Attempts", "Training"} & dict(rows(shown)).keys()


@pytest.mark.parametrize(
    ("tuning", "words"),
    [
        (None, ""),
        ({"resumed_from": []}, ""),
        ({"loss_before": 1.0}, ""),
        (TRAINED, WENT_ON),
        (TRAINED | {"resumed_from": [12, 40]}, WENT_ON.replace("step 40", "steps 12, 40")),
    ],
)
def test_from_where_training_went_on_is_told_where_it_did(tuning: dict[str, Any] | None, words: str) -> None:
    assert training_went_on(tuning) == words
