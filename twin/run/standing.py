"""How the last run on this machine stands, in words that name the command to go on with; no emulator is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from twin.run.attempts import BROKEN, INTERRUPTED, Attempt, attempts
from twin.run.last_run import LastRun, can_go_on, last_run

_DOING = {
    "PrepareData": "is still preparing its data",
    "EvaluateCandidates": "is still evaluating the candidates",
    "FineTune": "is still training",
    "AwaitApproval": "waits for your approval (`fourfold approve`, `fourfold reject`)",
    "Deploy": "is still deploying its model",
    "Use": "is still using the deployed model",
}
_DEPLOYED = ("SmokeTest", "Record", "Use")
"""The steps that come to a model that is deployed."""
ANOTHER = "`fourfold run` starts another."


class State(Enum):
    """What has become of a run."""

    GOING_ON = auto()
    STOPPED = auto()
    LOST = auto()
    UNREPORTED = auto()
    FAILED = auto()
    SUCCEEDED = auto()


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Attributes:
        run: what is kept of it.
        state: what has become of it: it goes on; was stopped, and can go on; was stopped, and its account is lost; has
            ended, and its report is not written; has failed, or succeeded, and is reported.
        attempts: the commands that it took so far.
    """

    run: LastRun
    state: State
    attempts: tuple[Attempt, ...]

    @property
    def report(self) -> Path:
        """Where its report is, once it is written."""
        return report_of(self.run)

    @property
    def unfinished(self) -> bool:
        """Whether there is, or may be, more to come of it than there is now."""
        return self.state not in (State.FAILED, State.SUCCEEDED)

    @property
    def has_deployed(self) -> bool:
        """Whether it has come as far as a deployed model."""
        where = self.attempts[-1].where if self.attempts else None
        return self.state in (State.UNREPORTED, State.SUCCEEDED) or (where is not None and where.name in _DEPLOYED)

    def __str__(self) -> str:
        name = f"The run {self.run.run_id}"
        match self.state:
            case State.GOING_ON:
                return f"{name} {_doing(self.attempts)}."
            case State.STOPPED:
                return f"{name} {_how_stopped(self.attempts)}. `fourfold resume` goes on with it."
            case State.LOST:
                return f"{name} {_how_stopped(self.attempts)}, and what it left is no longer there. {ANOTHER}"
            case State.UNREPORTED:
                return f"{name} has ended, and was stopped before its report was written. `fourfold resume` writes it."
            case State.FAILED:
                return f"{name} has failed. `fourfold report` shows why; {ANOTHER}"
            case State.SUCCEEDED:
                return (
                    f"{name} has succeeded. `fourfold report` shows its figures; `fourfold ask` and `fourfold serve` "
                    "use its model, until the next run or `fourfold destroy`."
                )


def standing(account: Path) -> Standing | None:
    """Return how the last run stands in its account's folder; None where none has come to its workflow."""
    run = last_run(account)
    if run is None:
        return None
    found = attempts(account)
    return Standing(run, _state(account, run, found), found)


def report_of(run: LastRun) -> Path:
    """Return where a run's report is, once it is written."""
    return run.output / run.run_id / "report.json"


def words_of_end(attempt: Attempt) -> str:
    """Say how an attempt ended, and in which step."""
    where = f' in "{attempt.where.label}"' if attempt.where else ""
    if attempt.how == INTERRUPTED:
        return f"interrupted{where}"
    if attempt.how == BROKEN:
        return f"ended by an error{where}: {attempt.why.splitlines()[0]}"
    if not attempt.how:
        return f"killed{where}, or its terminal closed"
    return f"{attempt.how.lower()}{where if attempt.how != 'SUCCEEDED' else ''}"


def _state(account: Path, run: LastRun, found: tuple[Attempt, ...]) -> State:
    reported = report_of(run).exists()
    if not found:  # it is of a version that did not write attempts down
        return _status(report_of(run)) if reported else State.STOPPED if can_go_on(account) else State.LOST
    last = found[-1]
    if last.alive and (last.how in ("", INTERRUPTED, BROKEN) or not reported):
        return State.GOING_ON
    if last.stopped:
        return State.STOPPED if can_go_on(account) else State.LOST
    if last.how != "SUCCEEDED":
        return State.FAILED
    return State.SUCCEEDED if reported or not can_go_on(account) else State.UNREPORTED


def _status(report: Path) -> State:
    status = json.loads(report.read_text(encoding="utf-8"))["execution"]["status"]
    return State.SUCCEEDED if status == "SUCCEEDED" else State.FAILED


def _doing(found: tuple[Attempt, ...]) -> str:
    last = found[-1]
    if last.how:
        return "has been stopped, and what it had started is ending" if last.stopped else "is ending"
    where = last.where
    if where is None:
        return "is beginning"
    doing = _DOING.get(where.name, f'is still going on, in "{where.label}"')
    resumed = ", resumed" if len(found) > 1 else ""
    far = f": {where.progress}" if where.progress else ""
    return f"{doing}{resumed}{far}"


def _how_stopped(found: tuple[Attempt, ...]) -> str:
    if not found:
        return "was stopped"
    at = found[-1].seen
    return f"was stopped on {at[:10]} at {at[11:16]} UTC: {words_of_end(found[-1])}"
