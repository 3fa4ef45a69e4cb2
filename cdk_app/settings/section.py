"""What every section of `workflow.yaml` has in common: unknown keys are refused, values are never coerced."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the settings file: immutable once read, closed to keys it does not know.

    Strict, because YAML already has types: `"5"` where a number belongs, or `true` where a count belongs, is
    a mistake to report and not a value to convert.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
