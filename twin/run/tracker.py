"""Turn an execution's history and the twin's events into the state of the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twin.run.board import Board, Progress, Status
from twin.run.evaluation import Evaluation
from twin.run.trainings import Trainings

EVALUATE = "EvaluateCandidates"
FOR_A_PERSON = "waits for `fourfold approve` or `fourfold reject`, in another terminal"
WAY_OUT = {"RollBack", "ExplainFailure"}
"""What states of no step say of themselves: entered, they mean that the step before has failed."""


FAIL_ENTERED = "FailStateEntered"
"""The event by which an execution ends itself without success."""


class Tracker:
    """What the history and the events say, on the board.

    Args:
        board: what to keep true.
        steps: the step of each state.
        begin_evaluation: gives the evaluation of the candidates when its step begins.
        left: told of each step that is over, and of the evaluation that went on in it.
        trainings: how far training had come before.

    Attributes:
        seen: the last event that was taken.
        gave_up: whether the last state entered was one that ends the execution without success.
    """

    def __init__(
        self,
        board: Board,
        steps: Mapping[str, str],
        begin_evaluation: Callable[[], Evaluation],
        left: Callable[[str, Evaluation | None], None] = lambda _step, _evaluation: None,
        trainings: Trainings | None = None,
    ) -> None:
        self._board, self._steps = board, steps
        self._begin_evaluation, self._left = begin_evaluation, left
        self._trainings = trainings or Trainings()
        self._current: str | None = None
        self.evaluation: Evaluation | None = None
        self.seen = 0
        self.gave_up = False

    def go_on(self, step: str) -> None:
        """Begin within a step, which an execution that has been redriven does not enter again."""
        self._enter(step)

    def take(self, event: dict[str, Any]) -> None:
        """Follow the execution into the next state."""
        self.seen = max(self.seen, event["id"])
        if not event["type"].endswith("StateEntered"):
            return
        self.gave_up = event["type"] == FAIL_ENTERED
        step = self._steps.get(event["stateEnteredEventDetails"]["name"])
        if step is None or step == self._current or self._is_behind(step):
            return
        if step in WAY_OUT:
            self.evaluation = None
            self._fail()
        else:
            self._enter(step)

    def _enter(self, step: str) -> None:
        self._leave()
        self._current = step
        self._board.skip_up_to(step)
        self._board.start(step)
        if step == EVALUATE:
            self.evaluation = self._begin_evaluation()
            self.show_evaluation()

    def _leave(self) -> None:
        """Close the step that is over, and have told what it found."""
        evaluation, self.evaluation = self.evaluation, None
        if self._current is not None:
            self._board.finish(self._current)
            self._left(self._current, evaluation)

    def show(self, record: dict[str, Any]) -> None:
        """Show what a job or a model says of its progress, or that a person is waited for."""
        if went_on := self._trainings.take(record):
            self._board.tell(went_on)
        if self._current is None:
            return
        if record.get("kind") == "waiting":
            self._board.advance(self._current, Progress(FOR_A_PERSON))
        if record.get("kind") != "progress":
            return
        if "answered" in record:
            # Counted by model over the emulator's life: it says something of the candidates' step alone.
            if self.evaluation is not None:
                self.evaluation.answered += 1
                self.show_evaluation()
        elif self.evaluation is None:
            self._board.advance(self._current, progress_of(record))

    def show_evaluation(self) -> None:
        """Show how far the candidates are, where they are being evaluated."""
        if self.evaluation is not None:
            self._board.advance(EVALUATE, self.evaluation.progress())

    def close(self, *, succeeded: bool, cause: str) -> None:
        """Close the step that the execution ended in."""
        if self._current is None:
            return
        if succeeded:
            self._leave()
        else:
            self._board.fail(self._current, cause.strip().split("\n")[0])

    def _is_behind(self, step: str) -> bool:
        """Whether the step is over: a state of it that comes late, such as a last look, is shown with what runs now."""
        return step not in WAY_OUT and self._board.steps[step].status is Status.SUCCEEDED

    def _fail(self) -> None:
        if self._current is not None:
            self._board.finish(self._current, Status.FAILED)


def progress_of(record: dict[str, Any]) -> Progress:
    """Read a job's progress line; figures beyond the count, such as the loss, become the note."""
    known = {"phase", "done", "total", "unit", "eta_s", "kind", "source", "id", "time", "t"}
    figures = {k: v for k, v in record.items() if k not in known and isinstance(v, int | float | str)}
    note = ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
    return Progress(
        phase=str(record.get("phase", "")),
        done=float(record.get("done") or 0),
        total=float(record.get("total") or 0),
        unit=str(record.get("unit", "")),
        note=note,
        eta_s=record.get("eta_s"),
    )
