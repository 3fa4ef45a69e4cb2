"""Why a run failed, in words for whoever runs it on this machine.

The workflow says it in AWS's words, as its functions do there: which log group, and to start a new execution. Here the
log is a file, and a run is started with `fourfold run`. What the run itself said stays as it is in `report.json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PARTS = re.compile(r"(?P<message>.*)\nLog: (?P<log>.*?)\nWhat to do: (?P<remedy>.*)", re.DOTALL)
_TRACE = re.compile(r"^(?:Traceback \(most recent call last\)|The log, .* ends:)", re.MULTILINE)
_DIGITS = re.compile(r"\b[0-9a-f]{32,}\b")
_SHOWN_DIGITS = 8
IN_OTHER_WORDS = (
    ("Correct the cause and start a new execution", "Correct the cause, and start `fourfold run` again"),
    ("Correct it and start a new execution", "Correct it, and start `fourfold run` again"),
    ("start a new execution", "start `fourfold run` again"),
    ("start a new run", "start `fourfold run` again"),
    ("Start a new run", "Start `fourfold run` again"),
    ("stay for inspection", "stay until then"),
)
"""What the workflow says, and what is meant here."""


@dataclass(frozen=True)
class Failure:
    """A failed run.

    Attributes:
        error: the error's name.
        what: which step failed, and why.
        trace: lines of a log or a traceback, which say more to whoever knows the program; empty where there are none.
        log: the file with the logs of the run, or as the run named the place.
        remedy: what to do.
    """

    error: str
    what: str
    trace: str
    log: str
    remedy: str


def failure(execution: Mapping[str, Any]) -> Failure | None:
    """Return why a report's execution failed; None where it did not."""
    if not (execution.get("error") or execution.get("cause")):
        return None
    cause = _here(str(execution.get("cause") or "").strip())
    parts = _PARTS.fullmatch(cause)
    message, log, remedy = parts.group("message", "log", "remedy") if parts else (cause, "", "")
    begin = found.start() if (found := _TRACE.search(message)) else len(message)
    return Failure(
        error=str(execution.get("error") or ""),
        what=message[:begin].strip(),
        trace=message[begin:].strip(),
        log=str(execution.get("log") or log),
        remedy=remedy.strip(),
    )


def _here(text: str) -> str:
    for there, here in IN_OTHER_WORDS:
        text = text.replace(there, here)
    return _DIGITS.sub(lambda digits: f"{digits[0][:_SHOWN_DIGITS]}…", text)
