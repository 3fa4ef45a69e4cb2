"""What is wrong with a settings file, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in a settings file."""

    file: str
    line: int
    """Line in the file, from 1; 0 where the file as a whole is meant."""
    key: str
    """Dotted key as it stands in the file, such as `environments.prod.tuning.rank`; empty for the file."""
    message: str
    """What is wrong, without a full stop."""
    remedy: str
    """What to do about it, as a sentence."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.key}: " if self.key else ""
        return f"{place}: {subject}{self.message}. {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; `problems` holds every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise what was found, if anything was.

    Raises:
        SettingsError: with every problem.
    """
    found = list(problems)
    if found:
        raise SettingsError(found)
