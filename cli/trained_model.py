"""The model that training data is for: what the catalogue says of its fine-tuning, and what is known of its limits.

The catalogue decides which models there are and which of them can be fine-tuned; `pipelines.formats` has the limits of
what Bedrock trains on text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from cdk_app.catalogue import ENTRIES, Entry
from cdk_app.catalogue.facts import Service
from cli.near import did_you_mean, near
from pipelines.formats.limits import LIMITS, Limits
from pipelines.formats.records import Format


class WrongUsage(ValueError):
    """What was asked for cannot be done; the message says what can."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that Bedrock or SageMaker fine-tunes."""

    key: str
    name: str
    rows: tuple[Limits, ...]
    """The limits of what Bedrock trains; none where SageMaker alone does."""

    @property
    def format(self) -> Format:
        """What it is trained on; on SageMaker what this workflow's training reads."""
        return self.rows[0].format if self.rows else Format.CHAT


def trained_model(key: str) -> TrainedModel | None:
    """Return the model of the catalogue that a key names; None where no model is named.

    Raises:
        WrongUsage: there is no such model, or nobody is known to fine-tune it on text.
    """
    if not key:
        return None
    if key not in ENTRIES:
        meant = near(key, _names(_taken())) or near(key, _names(ENTRIES))
        raise WrongUsage(f"There is no model {key} in the catalogue. {did_you_mean(meant, _taken_in_words())}")
    entry, rows = ENTRIES[key], _rows(key)
    if key not in _taken():
        raise WrongUsage(f"{key} {_why_not(entry)}. {_taken_in_words()}")
    return TrainedModel(key, rows[0].name if rows else f"{entry.provider} {entry.name}", rows)


def limits_in_words(trained: TrainedModel, form: Format) -> str:
    """Say by which limits the data is checked."""
    if not trained.rows:
        return f"No source names limits of SageMaker's fine-tuning of {trained.name}: the form is checked."
    row = next((row for row in trained.rows if row.format is form), None)
    return f"Limits: {row.name}, {row.method} on Bedrock." if row else f"{trained.name} takes another format."


def _taken() -> dict[str, Entry]:
    """The models that training data is checked for."""
    return {key: entry for key, entry in ENTRIES.items() if _rows(key) or "sagemaker" in _services(entry)}


def _taken_in_words() -> str:
    return f"--model takes {', '.join(_taken())}."


def _rows(key: str) -> tuple[Limits, ...]:
    return tuple(row for row in LIMITS if row.key == key)


def _services(entry: Entry) -> set[Service]:
    """Who fine-tunes the model; Bedrock only where it does so on text."""
    tuned = {one.service for one in entry.customizations if one.method == "fine-tuning"}
    on_text = "text" in entry.reads and "text" in entry.writes
    return {service for service in get_args(Service) if service in tuned and on_text}


def _why_not(entry: Entry) -> str:
    methods = list(dict.fromkeys(one.method for one in entry.customizations))
    if "fine-tuning" in methods:
        return "is fine-tuned on other data than text alone, which is not checked here"
    if methods:
        return f"is customized by {' and '.join(methods)} alone, whose data is not checked here"
    return "is not known to be fine-tuned, on Bedrock or on SageMaker"


def _names(entries: Mapping[str, Entry]) -> dict[str, tuple[str, ...]]:
    return {key: entry.other_names for key, entry in entries.items()}
