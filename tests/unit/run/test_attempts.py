"""Each attempt at a run is written down while it goes on, so that even one whose command was killed tells of itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.twin.helpers import wait_until
from tests.unit.run.left_behind import STEP, attempt, training
from twin.run import attempts as module
from twin.run.attempts import BROKEN, DONE, INTERRUPTED, Attempt, Taken, attempted, attempts, in_all, is_attempted
from twin.run.board import Progress, Status

SINCE = datetime(2026, 11, 26, 10, tzinfo=UTC)
PROJECT = Path(__file__).resolve().parents[3]
# A command that is in the midst of a step, and never comes to its end.
PROGRAM = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from tests.unit.run.left_behind import training
from twin.run.attempts import attempted
with attempted(Path(sys.argv[1]), training(), datetime.now(UTC)):
    print("begun", flush=True)
    time.sleep(600)
"""


def where(found: Attempt) -> str:
    assert found.where is not None
    return f"{found.where.label}: {found.where.progress}"


def test_a_command_that_is_killed_leaves_where_it_was_and_is_known_not_to_run_any_more(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path], cwd=PROJECT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    assert is_attempted(tmp_path)

    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    (killed,) = attempts(tmp_path)
    assert (killed.how, killed.ended, is_attempted(tmp_path)) == ("", False, False)
    assert where(killed) == "Fine-tune (SageMaker pipeline): train 12/28 batches"
    assert [step.status for step in killed.steps] == ["SUCCEEDED", "RUNNING", "WAITING"]


def test_how_far_it_is_is_written_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY_S", 0.01)
    board = training()
    with attempted(tmp_path, board, SINCE):
        board.advance("FineTune", Progress("train", 20, 28, "batches"))
        written = wait_until(lambda: where(attempts(tmp_path)[0]), lambda words: words.endswith("20/28 batches"))
        assert written == "Fine-tune (SageMaker pipeline): train 20/28 batches"


@pytest.mark.parametrize(("error", "how"), [(KeyboardInterrupt(), INTERRUPTED), (OSError("disk full"), BROKEN)])
def test_what_ends_an_attempt_from_outside_is_told(tmp_path: Path, error: BaseException, how: str) -> None:
    with pytest.raises(type(error)), attempted(tmp_path, training(), SINCE):
        raise error
    (found,) = attempts(tmp_path)
    assert (found.how, found.ended) == (how, False)
    assert found.why == ("" if how == INTERRUPTED else "OSError: disk full")


def test_what_happens_after_the_execution_s_end_does_not_change_how_that_ended(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), attempted(tmp_path, training(), SINCE) as attempt:
        attempt.end("FAILED", "The disk is full.", gave_up=True)
        raise KeyboardInterrupt
    (found,) = attempts(tmp_path)
    assert (found.how, found.why, found.gave_up, found.ended) == ("FAILED", "The disk is full.", True, True)


def test_what_interrupts_an_attempt_is_told_before_what_it_had_started_has_ended(tmp_path: Path) -> None:
    told: list[tuple[tuple[Attempt, ...], bool]] = []

    @contextmanager
    def emulator() -> Iterator[None]:
        try:
            yield
        finally:
            time.sleep(0.02)
            told.append((attempts(tmp_path), is_attempted(tmp_path)))

    with suppress(KeyboardInterrupt), ExitStack() as stack:
        attempt = stack.enter_context(attempted(tmp_path, training(), SINCE))
        stack.callback(attempt.write)
        stack.enter_context(emulator())
        stack.push(attempt.ended_by)
        raise KeyboardInterrupt
    found = attempts(tmp_path)
    assert found[0].how == INTERRUPTED
    assert told == [(found, True)], "what has been told of its end is what stays"
    assert not is_attempted(tmp_path)


def test_what_there_was_nothing_to_attempt_of_leaves_what_was_written_before(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), attempted(tmp_path, training(), SINCE):
        raise KeyboardInterrupt
    before = attempts(tmp_path)
    with suppress(LookupError), attempted(tmp_path, training(), SINCE, none=(LookupError,)) as second:
        assert len(attempts(tmp_path)) == 2
        second.ended_by(LookupError, LookupError(), None)
        raise LookupError
    assert attempts(tmp_path) == before


def test_the_steps_of_an_attempt_s_own_are_those_that_it_came_to(tmp_path: Path) -> None:
    board = training()
    board.add("Use", "Use the deployed model")
    board.finish("PrepareData", Status.SUCCEEDED, DONE)
    board.skip_up_to("Use")
    with attempted(tmp_path, board, SINCE):
        (found,) = attempts(tmp_path)
    assert [step.status for step in found.steps] == ["SUCCEEDED", "RUNNING", "SKIPPED", "WAITING"]
    assert [step.name for step in found.own_steps] == ["FineTune"]


def test_the_attempts_before_are_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), attempted(tmp_path, training(), SINCE):
            raise KeyboardInterrupt
    with attempted(tmp_path, training(), SINCE) as third:
        third.end("SUCCEEDED")
        assert third.all() == attempts(tmp_path)
    assert [one.how for one in attempts(tmp_path)] == [INTERRUPTED, INTERRUPTED, "SUCCEEDED"]


def test_times_are_added_over_attempts_and_what_was_done_stays_done() -> None:
    done_before = Taken("PrepareData", "Prepare the data (Glue)", "SUCCEEDED")
    skipped, deployed = Taken("StageData", "s", "SKIPPED"), Taken("Deploy", "d", "SUCCEEDED", 5.0, 6.0)
    trained = Taken("FineTune", STEP.label, "SUCCEEDED", 40.0, 70.0)
    second = Attempt("", "", "SUCCEEDED", steps=(done_before, skipped, trained, deployed))

    found = {step.name: (step.status, step.wall_s, step.cpu_s) for step in in_all([attempt(), second])}

    assert found == {
        "PrepareData": ("SUCCEEDED", 30.0, 50.0),
        "FineTune": ("SUCCEEDED", 101.0, 170.0),
        "StageData": ("SKIPPED", 0.0, 0.0),
        "Deploy": ("SUCCEEDED", 5.0, 6.0),
    }
