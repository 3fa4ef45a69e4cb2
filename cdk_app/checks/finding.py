"""What a check says when something is wrong, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdk_app.checks.assembly import Assembly


@dataclass(frozen=True, order=True)
class Finding:
    """One problem: which rule saw it, where, what it is, and what to do about it."""

    check: str
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.check}: {self.place}\n    {self.problem}\n    Remedy: {self.remedy}"


@dataclass(frozen=True)
class Check:
    """A named rule. ``find`` is pure: it reads the assembly and yields findings, none when all is well."""

    name: str
    find: Callable[[Assembly], Iterable[Finding]]
