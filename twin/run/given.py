"""What a run here is started with: settings, files and overrides, and where a setting is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdk_app.settings import Problem, Settings, Subject, problem_in
from twin.run.data_files import DataFiles


@dataclass(frozen=True)
class Given:
    """What a run is started with.

    Attributes:
        settings: the settings of the environment `twin`.
        workflow: the file that they are written in.
        data: the user's own data set, or None for the sample.
        evaluation: the user's own test set, or None.
        overrides: the execution's input.
        flaws: what is wrong with the settings file; the settings are then what can still be examined.
        invalid: the settings among them that cannot.
    """

    settings: Settings
    workflow: Path
    data: DataFiles | None = None
    evaluation: DataFiles | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    flaws: tuple[Problem, ...] = ()
    invalid: frozenset[tuple[str | int, ...]] = frozenset()

    @property
    def subject(self) -> Subject:
        """The settings, of which some may be invalid."""
        return Subject(self.settings, self.invalid)

    def readable(self, *names: str) -> bool:
        """Whether settings, by their dotted names, are valid, and so are the sections around them."""
        return all(self.subject.readable(tuple(name.split("."))) for name in names)

    def problem(self, place: tuple[str | int, ...], message: str, remedy: str) -> str:
        """Say what is wrong with a setting, and where it is written."""
        return str(problem_in(self.workflow, self.settings.environment, place, message, remedy))

    def value(self, key: str, section: str = "data") -> Any:
        """Return a setting of `data`, or of another section, as this run has it."""
        nested = self.overrides.get(section, {})
        settled = getattr(getattr(self.settings, section), key)
        given = nested.get(key, settled) if isinstance(nested, Mapping) else settled
        return self.overrides.get(f"{section}.{key}", given)
