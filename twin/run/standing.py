"""How the last run on this machine stands, in words that name the command to go on with; no emulator is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

from twin.emulator import in_use
from twin.run.attempts import BROKEN, INTERRUPTED, Attempt, attempts, is_attempted
from twin.run.kept import was_destroyed
from twin.run.last_run import LastRun, can_go_on, last_run, saved_since

_DOING = {
    "StartEmulator": "is starting",
    "PrepareData": "is still preparing its data",
    "EvaluateCandidates": "is still evaluating the candidates",
    "FineTune": "is still training",
    "AwaitApproval": "waits for your approval (`fourfold approve`, `fourfold reject`)",
    "Deploy": "is still deploying its model",
    "Use": "is still using the deployed model",
}
_DEPLOYED = {"SmokeTest", "Record", "Use"}
"""The steps that come to a model that is deployed."""
ANOTHER = "`fourfold run` starts another."


class State(Enum):
    """What has become of a run."""

    GOING_ON = auto()
    ENDING = auto()
    STOPPED = auto()
    LOST = auto()
    UNREPORTED = auto()
    FAILED = auto()
    SUCCEEDED = auto()
    DESTROYED = auto()


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Attributes:
        run: what is kept of it.
        state: what has become of it: it goes on; what its command had started is ending; it was stopped, and can go on;
            was stopped, or has ended without a report, and its account is lost; has ended, and its report is not
            written; has failed, or succeeded, and is reported; what it deployed was destroyed.
        attempts: the commands that it took so far.
        reported: the status that its report tells; empty where there is none, or one that tells of an earlier attempt.
    """

    run: LastRun
    state: State
    attempts: tuple[Attempt, ...]
    reported: str

    @property
    def report(self) -> Path:
        """Where its report is, once it is written."""
        return report_of(self.run)

    @property
    def at_work(self) -> bool:
        """Whether its command, or what that had started, still lives."""
        return self.state in (State.GOING_ON, State.ENDING)

    @property
    def has_deployed(self) -> bool:
        """Whether it has come as far as a deployed model."""
        came_to = {step.name for attempt in self.attempts for step in attempt.own_steps}
        ended = self.attempts[-1].how if self.attempts else self.reported
        return ended == "SUCCEEDED" or not came_to.isdisjoint(_DEPLOYED)

    def __str__(self) -> str:
        name, ended = f"The run {self.run.run_id}", _how_it_ended(self.attempts, self.reported)
        match self.state:
            case State.GOING_ON:
                return f"{name} {_doing(self.attempts)}."
            case State.ENDING:
                over = "" if self.attempts and self.attempts[-1].ended else "has been stopped, and what it had started "
                return f"{name} {over}is ending."
            case State.STOPPED:
                return f"{name} {ended}. `fourfold resume` goes on with it."
            case State.LOST:
                return f"{name} {ended}, and what it left is no longer there. {ANOTHER}"
            case State.UNREPORTED:
                return f"{name} has ended, and was stopped before its report was written. `fourfold resume` writes it."
            case State.FAILED:
                return f"{name} has failed. `fourfold report` shows why; {ANOTHER}"
            case State.SUCCEEDED:
                return (
                    f"{name} has succeeded. `fourfold report` shows its figures; `fourfold ask` and `fourfold serve` "
                    "use its model, until the next run or `fourfold destroy`."
                )
            case State.DESTROYED:
                report = "`fourfold report` shows its figures; " if self.reported else ""
                return f"{name} {ended}, and what it deployed was destroyed. {report}{ANOTHER}"


def standing(account: Path) -> Standing | None:
    """Return how the last run stands in its account's folder; None where none has come to its workflow."""
    run = last_run(account)
    if run is None:
        return None
    lives = is_attempted(account)  # before its attempts are read: one that ends meanwhile says so in them
    found = attempts(account)
    status = _reported_status(run, found)
    return Standing(run, _state(account, found, status, lives=lives), found, status)


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


def read_report(file: Path) -> dict[str, Any] | None:
    """Return a report; None where there is none, or the file does not hold one any more."""
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    whole = isinstance(report, dict) and isinstance(report.get("execution"), dict)
    return report if whole else None


def _reported_status(run: LastRun, found: tuple[Attempt, ...]) -> str:
    """Return the status that a run's report tells; empty where none tells of its last attempt, if of an earlier one."""
    report = read_report(report_of(run))
    if report is None:
        return ""
    status = str(report["execution"].get("status", ""))
    same = not found or (status == found[-1].how and len(report.get("attempts") or ()) == len(found))
    return status if same else ""


def _state(account: Path, found: tuple[Attempt, ...], reported: str, *, lives: bool) -> State:
    """Ask what has become of a run, in an order in which no answer depends on a later one."""
    how = found[-1].how if found else ""
    if was_destroyed(account):
        return State.DESTROYED
    if lives:
        return State.ENDING if how else State.GOING_ON
    if in_use(account) and not saved_since(account, _last_sign(found)):
        return State.ENDING
    if reported:
        return State.SUCCEEDED if reported == "SUCCEEDED" else State.FAILED
    if not can_go_on(account):
        return State.LOST
    return State.UNREPORTED if found and found[-1].ended else State.STOPPED


def _last_sign(found: tuple[Attempt, ...]) -> datetime:
    return datetime.fromisoformat(found[-1].seen) if found else datetime.fromtimestamp(0, UTC)


def _doing(found: tuple[Attempt, ...]) -> str:
    where = found[-1].where if found else None
    if where is None:
        return "is beginning"
    doing = _DOING.get(where.name, f'is still going on, in "{where.label}"')
    resumed = ", resumed" if len(found) > 1 else ""
    far = f": {where.progress}" if where.progress else ""
    return f"{doing}{resumed}{far}"


def _how_it_ended(found: tuple[Attempt, ...], reported: str) -> str:
    how = found[-1].how if found and found[-1].ended else reported
    if how:
        return "has succeeded" if how == "SUCCEEDED" else "has failed"
    if not found:
        return "was stopped"
    at = found[-1].seen
    return f"was stopped on {at[:10]} at {at[11:16]} UTC: {words_of_end(found[-1])}"
