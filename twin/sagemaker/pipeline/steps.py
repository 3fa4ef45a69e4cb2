"""A step as it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.sagemaker.pipeline.retries import RetryPolicy

STEP_TYPES = frozenset({"Training", "Tuning", "Processing", "Condition", "Fail", "Model", "RegisterModel"})


@dataclass(frozen=True)
class Step:
    """One step of a definition that has been checked.

    Attributes:
        arguments: its arguments, with their expressions, without the branches of a Condition step.
        depends_on: the steps that it names; what its expressions refer to comes on top.
        cache_for_s: for how many seconds a result may be taken over, or None where it may not.
        property_files: the output and the path within it of each property file, by the file's name.
        if_steps, else_steps: the branches of a Condition step.
    """

    name: str
    type: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    depends_on: frozenset[str] = frozenset()
    display_name: str | None = None
    description: str | None = None
    retry_policies: tuple[RetryPolicy, ...] = ()
    cache_for_s: float | None = None
    property_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    if_steps: tuple[Step, ...] = ()
    else_steps: tuple[Step, ...] = ()
