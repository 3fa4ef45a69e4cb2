"""The part of the workflow's settings that the job reads, typed once and handed on whole.

`workflow.yaml` is checked in full before anything is deployed. This module only refuses what would make the job
do something else than was asked: a missing key, or a filter that it does not know.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.thresholds import Quality

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the two fields of a raw record."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Bounds of quality, inclusive; lengths in words, the symbol ratio as a share of the visible characters."""

    min_words: int
    max_words: int
    min_target_words: int
    max_target_words: int
    max_symbol_ratio: float
    complete_targets: bool
    """Whether a target that breaks off is refused."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What is a near-duplicate, and what becomes of it."""

    action: str
    """`drop`, `keep` or `off`."""
    similarity: float
    shingle_words: int


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the records held out, and the seed that decides which."""

    validation: float
    test: float
    seed: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides about a record."""

    kind: str
    """`summarization` or `generation`."""
    instruction: str
    columns: Columns
    filters: Filters
    quality: Quality
    languages: tuple[str, ...]
    """ISO 639 codes of the languages to keep; empty for all."""
    harmful: str
    """`off`, `tag` or `drop`."""
    max_record_bytes: int
    personal_data: str
    """`redact` or `drop`."""
    near_duplicates: NearDuplicates
    split: Split

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read `{"task": {...}, "data": {...}}`; raises `InvalidArguments` naming the key that is wrong."""
        try:
            document = json.loads(text)
            task, data = document["task"], document["data"]
            settings = cls(
                kind=task["kind"],
                instruction=task["instruction"],
                columns=_build(Columns, data["columns"], "data.columns"),
                filters=_build(Filters, data["filters"], "data.filters"),
                quality=Quality.from_settings(data["quality"]),
                languages=tuple(data["languages"]),
                harmful=data["harmful"],
                max_record_bytes=data["max_record_bytes"],
                personal_data=data["personal_data"],
                near_duplicates=_build(NearDuplicates, data["near_duplicates"], "data.near_duplicates"),
                split=_build(Split, data["split"], "data.split"),
            )
        except KeyError as error:
            raise InvalidArguments(f"--settings has no key {error}. Pass the task and data settings whole.") from error
        except (ValueError, TypeError) as error:
            raise InvalidArguments(f"--settings is not a JSON object with task and data: {error}") from error
        _check_choice("task.kind", settings.kind, ("summarization", "generation"))
        _check_choice("data.personal_data", settings.personal_data, ("redact", "drop"))
        _check_choice("data.harmful", settings.harmful, ("off", "tag", "drop"))
        _check_choice("data.near_duplicates.action", settings.near_duplicates.action, ("drop", "keep", "off"))
        return settings


def _build(kind: type[T], values: Mapping[str, Any], path: str) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - known):
        raise InvalidArguments(
            f"--settings: {path} has keys that this job does not know: {', '.join(unknown)}. "
            f"It knows {', '.join(sorted(known))}; deploy the job and its settings together."
        )
    return kind(**{name: values[name] for name in known})


def _check_choice(path: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidArguments(f"--settings: {path} is {value!r}; it must be one of {', '.join(choices)}.")
