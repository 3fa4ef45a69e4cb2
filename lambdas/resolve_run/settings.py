"""The deployed run settings: defaults, and the bounds within which one run may override them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lambdas.shared.errors import FunctionError
from lambdas.shared.fields import Fields

REMEDY = "Deploy the Foundation stack again; it writes this parameter."
TYPES = ("string", "integer", "number", "boolean", "array")


class InvalidRunSettings(FunctionError):
    """The run settings parameter does not hold what the stack writes there."""


@dataclass(frozen=True)
class Bound:
    """What a setting that may be overridden has to look like."""

    type: str
    minimum: float | None
    maximum: float | None
    choices: tuple[object, ...]
    pattern: str | None


@dataclass(frozen=True)
class RunSettings:
    """The parameter's content.

    Attributes:
        defaults: the deployed settings, nested as in the settings file.
        bounds: by dotted name, such as ``tuning.epochs``.
        candidates: the candidates as they were deployed.
    """

    defaults: dict[str, object]
    bounds: dict[str, Bound]
    candidates: tuple[Fields, ...]
    where: str


def parse_settings(document: object, where: str) -> RunSettings:
    """Read the run settings.

    Raises:
        InvalidRunSettings: they do not have the agreed shape.
    """
    fields = Fields(document, where, InvalidRunSettings, REMEDY)
    defaults, bounds = fields.fields("defaults"), fields.fields("bounds")
    return RunSettings(
        defaults=defaults.as_dict(),
        bounds={name: _bound(bounds.fields(name)) for name in bounds},
        candidates=tuple(defaults.items("candidates")),
        where=where,
    )


def _bound(fields: Fields) -> Bound:
    kind = fields.text("type")
    if kind not in TYPES:
        raise fields.complaint(f"The type {kind!r} is not one of {', '.join(TYPES)}")
    choices = fields.raw("choices") if "choices" in fields else []
    if not isinstance(choices, list):
        raise fields.complaint("The choices are not a list")
    pattern = fields.text("pattern") if "pattern" in fields else None
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as mistake:
            raise fields.complaint(f"The pattern is not a regular expression: {mistake}") from None
    return Bound(
        type=kind,
        minimum=fields.number("minimum") if "minimum" in fields else None,
        maximum=fields.number("maximum") if "maximum" in fields else None,
        choices=tuple(choices),
        pattern=pattern,
    )
