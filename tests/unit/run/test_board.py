"""The board tells listeners what they need to draw a run, and nothing is lost when a step fails."""

import pytest

from twin.run.board import Board, Progress, Status


@pytest.fixture
def board() -> Board:
    board = Board()
    board.add("Prepare", "Prepare the data")
    board.add("Tune", "Fine-tune")
    return board


def test_a_step_that_raises_is_marked_failed_and_the_error_goes_on(board: Board) -> None:
    with pytest.raises(ValueError, match="no room"), board.step("Prepare"):
        raise ValueError("no room\nwith details that belong in the log")

    assert board.steps["Prepare"].status is Status.FAILED
    assert board.steps["Prepare"].detail == "no room"


def test_a_failed_step_is_not_turned_into_a_success_afterwards(board: Board) -> None:
    board.start("Prepare")
    board.finish("Prepare", Status.FAILED, "denied")
    board.finish("Prepare")

    assert board.steps["Prepare"].status is Status.FAILED


def test_a_step_entered_twice_adds_up_its_time(board: Board) -> None:
    board.start("Prepare")
    board.finish("Prepare")
    once = board.steps["Prepare"].wall_s
    board.start("Prepare")
    board.finish("Prepare")

    assert board.steps["Prepare"].wall_s > once


def test_what_never_came_is_skipped_and_what_came_is_not(board: Board) -> None:
    board.start("Prepare")
    board.finish("Prepare")
    board.skip_what_waits()

    assert [step.status for step in board.steps.values()] == [Status.SUCCEEDED, Status.SKIPPED]


def test_listeners_hear_of_every_change_in_order(board: Board) -> None:
    heard: list[tuple[str, Status]] = []
    board.listeners.append(lambda step: heard.append((step.name, step.status)))
    with board.step("Prepare") as show:
        show(Progress("curate", 1, 2, "tasks"))

    assert heard == [("Prepare", Status.RUNNING), ("Prepare", Status.RUNNING), ("Prepare", Status.SUCCEEDED)]


def test_processor_time_is_charged_to_the_step_that_used_it(board: Board) -> None:
    board.spend("Tune", 1.5)
    board.spend("Tune", 2.0)

    assert (board.steps["Tune"].cpu_s, board.steps["Prepare"].cpu_s) == (3.5, 0.0)
