"""The part of the workflow's settings that the job reads, typed once and handed on whole.

`workflow.yaml` is checked in full before anything is deployed. This module only refuses what would make the job
do something else than was asked: a missing key, or a filter that it does not know.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Self, TypeVar

from pipelines.formats.outputs import CHAT, OUTPUTS
from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.personal_data import POLICIES
from pipelines.preparation.thresholds import Quality
from pipelines.preparation.tokens.files import TokenizerFiles

T = TypeVar("T")
KINDS = ("summarization", "generation", "classification", "question_answering")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a raw record: a text with its target, a text alone, or a conversation.

    Beside a target or a conversation there may be the answer that was `rejected`.
    """

    text: str = ""
    target: str = ""
    messages: str = ""
    rejected: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that every record must have."""
        return tuple(name for name in (self.text, self.target, self.messages, self.rejected) if name)


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
    max_tokens: int
    """In tokens of the model to tune, of the record as training sees it; 0 for no limit."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What is a near-duplicate, and what becomes of it."""

    action: str
    """`drop`, `keep` or `off`."""
    similarity: float
    shingle_words: int


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the records held out, the seed that decides which, and what should have its share on each side."""

    validation: float
    test: float
    seed: int
    stratify: str = "none"
    """`none`, `target` or `source`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides about a record."""

    kind: str
    """One of `KINDS`."""
    instruction: str
    columns: Columns | None
    """None where they are to be inferred from the files."""
    filters: Filters
    quality: Quality
    languages: tuple[str, ...]
    """ISO 639 codes of the languages to keep; empty for all."""
    harmful: str
    """`off`, `tag` or `drop`."""
    max_record_bytes: int
    personal_data: str
    """One of `personal_data.POLICIES`."""
    near_duplicates: NearDuplicates
    split: Split
    evaluation_set: str = ""
    """Data set that is the test set, and of which nothing like it may be trained on; empty where there is none."""
    base_run: str = ""
    """Run that this one adds to: its id, `latest`, or empty."""
    outputs: tuple[str, ...] = (CHAT,)
    """Formats in which the splits are written, `chat` among them; names of `pipelines.formats.outputs.OUTPUTS`."""
    tokenizer: TokenizerFiles | None = None
    """What tokens are counted by, where `filters.max_tokens` asks for it; the job finds it before the work begins."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read `{"task": {...}, "data": {...}}`; raises `InvalidArguments` naming the key that is wrong."""
        try:
            document = json.loads(text)
            task, data = document["task"], document["data"]
            settings = cls(
                kind=task["kind"],
                instruction=task["instruction"],
                columns=_columns(data["columns"]),
                filters=_build(Filters, data["filters"], "data.filters"),
                quality=Quality.from_settings(data["quality"]),
                languages=tuple(data["languages"]),
                harmful=data["harmful"],
                max_record_bytes=data["max_record_bytes"],
                personal_data=data["personal_data"],
                near_duplicates=_build(NearDuplicates, data["near_duplicates"], "data.near_duplicates"),
                split=_build(Split, data["split"], "data.split"),
                evaluation_set=data["evaluation_set"],
                base_run=data["base_run"],
                outputs=tuple(data["outputs"]),
            )
        except KeyError as error:
            raise InvalidArguments(f"--settings has no key {error}. Pass the task and data settings whole.") from error
        except (ValueError, TypeError) as error:
            raise InvalidArguments(f"--settings is not a JSON object with task and data: {error}") from error
        _check_choice("task.kind", settings.kind, KINDS)
        _check_choice("data.personal_data", settings.personal_data, POLICIES)
        _check_choice("data.split.stratify", settings.split.stratify, ("none", "target", "source"))
        _check_choice("data.harmful", settings.harmful, ("off", "tag", "drop"))
        _check_choice("data.near_duplicates.action", settings.near_duplicates.action, ("drop", "keep", "off"))
        for output in settings.outputs:
            _check_choice("data.outputs", output, OUTPUTS)
        if CHAT not in settings.outputs:
            raise InvalidArguments(
                f"--settings: data.outputs has no {CHAT!r}, which training and evaluation read. Add it."
            )
        return settings

    @property
    def schema(self) -> Columns:
        """The columns, once they are known."""
        if self.columns is None:
            raise InvalidArguments("The columns were not inferred before they were needed: a defect of the job.")
        return self.columns

    def holds_out(self, key: str) -> bool:
        """Whether a raw object belongs to the test set that the user brings."""
        return bool(self.evaluation_set) and key.startswith(f"{self.evaluation_set}/")

    @property
    def own_split(self) -> Split:
        """How the data set itself is divided: where the user brings a test set, nothing of it is for testing."""
        return replace(self.split, test=0) if self.evaluation_set else self.split


def _columns(values: Mapping[str, Any] | None) -> Columns | None:
    if values is None:
        return None
    columns = _build(Columns, {name: value or "" for name, value in values.items()}, "data.columns")
    if bool(columns.text) == bool(columns.messages) or (columns.messages and columns.target):
        raise InvalidArguments("--settings: data.columns must name text, with or without target, or messages alone.")
    if columns.rejected and not (columns.target or columns.messages):
        raise InvalidArguments("--settings: data.columns.rejected has no target or messages to be compared with.")
    return columns


def _build(kind: type[T], values: Mapping[str, Any], path: str) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - known):
        raise InvalidArguments(
            f"--settings: {path} has keys that this job does not know: {', '.join(unknown)}. "
            f"It knows {', '.join(sorted(known))}; deploy the job and its settings together."
        )
    return kind(**{name: values[name] for name in known if name in values or not _has_default(kind, name)})


def _has_default(kind: type[Any], name: str) -> bool:
    return any(field.name == name and field.default is not MISSING for field in fields(kind))


def _check_choice(path: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidArguments(f"--settings: {path} is {value!r}; it must be one of {', '.join(choices)}.")
