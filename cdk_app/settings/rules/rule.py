"""What a rule is: a check of settings against each other, which names the settings that it reads.

Rules also run on a file with invalid values, so that everything is reported at once. A rule is then left out
only if a setting that it reads is itself invalid or missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cdk_app.settings.document import KeyPath
from cdk_app.settings.model import Settings
from cdk_app.settings.selection import Candidate

CANDIDATES: KeyPath = ("selection", "candidates")


@dataclass(frozen=True)
class Breach:
    """What a rule found, at the setting that should change."""

    path: KeyPath
    message: str
    remedy: str


@dataclass(frozen=True)
class Subject:
    """The settings under examination, of which some may be invalid."""

    settings: Settings
    """Invalid and missing settings are not attributes of it, unless they have a default."""
    invalid: frozenset[KeyPath] = field(default_factory=frozenset)

    def candidates(self) -> Iterator[tuple[KeyPath, Candidate]]:
        """Yield the valid candidates and where each stands."""
        for index, candidate in enumerate(self.settings.selection.candidates):
            path = (*CANDIDATES, index)
            if not any(broken[: len(path)] == path for broken in self.invalid):
                yield path, candidate

    def readable(self, path: KeyPath) -> bool:
        """Whether the setting at `path` is valid, and so are the sections around it."""
        return not any(path[: len(broken)] == broken for broken in self.invalid)


Check = Callable[[Subject], Iterator[Breach]]


@dataclass(frozen=True)
class Rule:
    """A check and the settings that it reads."""

    reads: tuple[KeyPath, ...]
    check: Check


RULES: list[Rule] = []
"""Every rule, in the order of the modules that define them."""


def rule(*reads: str) -> Callable[[Check], Check]:
    """Register a check under the dotted names of the settings that it reads."""

    def register(check: Check) -> Check:
        RULES.append(Rule(tuple(tuple(name.split(".")) for name in reads), check))
        return check

    return register
