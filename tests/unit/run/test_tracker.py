"""An execution's history and the twin's events become the state of the board."""

from __future__ import annotations

from typing import Any

import pytest

from twin.run.board import Board, Status
from twin.run.evaluation import Candidate, Evaluation
from twin.run.news import News, WentOn
from twin.run.tracker import Tracker, progress_of

STEPS = {"Job": "PrepareData", "Each": "EvaluateCandidates", "Choose": "SelectModel", "Explain": "ExplainFailure"}


@pytest.fixture
def board() -> Board:
    board = Board()
    for name in ("PrepareData", "EvaluateCandidates", "SelectModel"):
        board.add(name, name)
    return board


@pytest.fixture
def tracker(board: Board) -> Tracker:
    candidates = [Candidate("0-a-extractive", "a extractive", False), Candidate("1-b-zero-shot", "b zero-shot", True)]
    return Tracker(board, STEPS, lambda: Evaluation(candidates, 8, 2, ("models", "run=r/candidates/")))


def entered(number: int, state: str) -> dict[str, Any]:
    return {"id": number, "type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}


ANSWERED = {"kind": "progress", "source": "bedrock", "id": "b", "phase": "ask b", "answered": 41}


def test_a_job_s_progress_is_shown_on_the_step_that_runs(tracker: Tracker, board: Board) -> None:
    tracker.take(entered(1, "Job"))
    tracker.show({"kind": "progress", "phase": "curate", "done": 3, "total": 8})

    progress = board.steps["PrepareData"].progress
    assert progress is not None
    assert (progress.done, progress.total) == (3, 8)


def test_each_answer_of_a_model_counts_for_all_candidates_together(tracker: Tracker, board: Board) -> None:
    tracker.take(entered(1, "Each"))
    begun = board.steps["EvaluateCandidates"].progress
    tracker.show(ANSWERED)
    tracker.show(ANSWERED)
    shown = board.steps["EvaluateCandidates"].progress

    assert begun is not None
    assert (begun.done, begun.total) == (0, 16)
    assert shown is not None
    assert (shown.done, shown.total, shown.note) == (2, 16, "a extractive + b zero-shot")


def test_a_late_answer_of_a_candidate_is_not_shown_on_the_next_step(tracker: Tracker, board: Board) -> None:
    tracker.take(entered(1, "Each"))
    tracker.take(entered(2, "Choose"))
    tracker.show(ANSWERED)

    assert tracker.evaluation is None
    assert board.steps["SelectModel"].progress is None
    assert board.steps["EvaluateCandidates"].status is Status.SUCCEEDED


def test_the_way_out_marks_the_step_before_it_as_failed_with_the_execution_s_cause(
    tracker: Tracker, board: Board
) -> None:
    tracker.take(entered(1, "Each"))
    tracker.take(entered(2, "Explain"))
    tracker.close(succeeded=False, cause="It was denied.\nLog: …")

    assert board.steps["EvaluateCandidates"].status is Status.FAILED
    assert board.steps["EvaluateCandidates"].detail == "It was denied."


def test_a_step_that_is_passed_over_is_skipped_when_the_next_one_begins(tracker: Tracker, board: Board) -> None:
    heard: list[tuple[str, Status]] = []
    tracker.take(entered(1, "Job"))
    board.listeners.append(lambda step: heard.append((step.name, step.status)))
    tracker.take(entered(2, "Choose"))

    assert heard == [
        ("PrepareData", Status.SUCCEEDED),
        ("EvaluateCandidates", Status.SKIPPED),
        ("SelectModel", Status.RUNNING),
    ]


def test_a_late_state_of_a_step_that_is_over_does_not_open_it_again(tracker: Tracker, board: Board) -> None:
    tracker.take(entered(1, "Job"))
    tracker.take(entered(2, "Choose"))
    tracker.take(entered(3, "Job"))

    tracker.close(succeeded=False, cause="It was denied.")
    assert [step.status for step in board.steps.values()] == [Status.SUCCEEDED, Status.SKIPPED, Status.FAILED]


def test_an_execution_that_goes_on_within_a_step_fails_in_that_step(tracker: Tracker, board: Board) -> None:
    board.finish("PrepareData")
    tracker.go_on("EvaluateCandidates")
    tracker.take(entered(7, "Each"))
    assert board.running() == ["EvaluateCandidates"]
    assert tracker.evaluation is not None

    tracker.close(succeeded=False, cause="It was denied.")
    assert board.steps["EvaluateCandidates"].detail == "It was denied."
    assert [step.status for step in board.steps.values()] == [Status.SUCCEEDED, Status.FAILED, Status.WAITING]


def test_a_step_that_is_over_is_told_once_with_the_evaluation_that_went_on_in_it(board: Board) -> None:
    left: list[tuple[str, bool]] = []
    evaluation = Evaluation([], 8, 2, ("models", "run=r/candidates/"))
    tracker = Tracker(board, STEPS, lambda: evaluation, lambda step, found: left.append((step, found is evaluation)))
    for number, state in enumerate(("Job", "Each", "Choose"), 1):
        tracker.take(entered(number, state))
    tracker.close(succeeded=True, cause="")

    assert left == [("PrepareData", False), ("EvaluateCandidates", True), ("SelectModel", False)]


def test_a_step_that_fails_has_found_nothing_to_tell(board: Board) -> None:
    left: list[str] = []
    tracker = Tracker(board, STEPS, lambda: pytest.fail("none begins"), lambda step, _found: left.append(step))
    tracker.take(entered(1, "Job"))
    tracker.take(entered(2, "Explain"))
    tracker.close(succeeded=False, cause="It was denied.")

    assert left == []


def test_a_training_that_goes_on_is_told(tracker: Tracker, board: Board) -> None:
    told: list[News] = []
    board.hearers.append(told.append)
    tracker.take(entered(1, "Job"))
    for done, figures in ((0, {}), (1, {"loss": 2.5}), (1, {})):
        tracker.show({"kind": "progress", "id": "job", "phase": "train", "done": done, "total": 8, **figures})

    assert told == [WentOn(1, 8, again=0)]


def test_a_progress_line_keeps_its_figures_for_whoever_waits() -> None:
    progress = progress_of(
        {
            "kind": "progress",
            "id": "job",
            "phase": "train",
            "done": 3,
            "total": 8,
            "unit": "batches",
            "loss": 2.9134,
        }
    )

    assert (progress.phase, progress.done, progress.total, progress.note) == ("train", 3.0, 8.0, "loss 2.91")


@pytest.mark.parametrize("record", [{}, {"phase": None, "done": None}])
def test_a_progress_line_without_counts_is_shown_without_a_bar(record: dict[str, object]) -> None:
    assert progress_of(record).total == 0


def test_a_run_that_waits_for_a_person_says_how_to_answer(tracker: Tracker, board: Board) -> None:
    tracker.take(entered(1, "Choose"))
    tracker.show({"kind": "waiting", "source": "stepfunctions", "id": "arn", "state": "Choose", "token": "t"})

    progress = board.steps["SelectModel"].progress
    assert progress is not None
    assert "`fourfold approve`" in progress.phase
