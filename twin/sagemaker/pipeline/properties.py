"""Which properties a step has: those of what its Describe operation answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.sagemaker.validation import model

_DESCRIBED_BY = {
    "Training": ("DescribeTrainingJob",),
    "Tuning": ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob"),
    "Processing": ("DescribeProcessingJob",),
    "Model": ("DescribeModel",),
    "RegisterModel": ("DescribeModelPackage",),
}


def property_problem(step_type: str, path: Sequence[str | int]) -> str | None:
    """Why a step of this type has no property at `path`, or None where it has."""
    operations = _DESCRIBED_BY.get(step_type)
    if operations is None:
        return f"a step of type {step_type} has no properties."
    shapes = [model().operation_model(operation).output_shape for operation in operations]
    return _problem(next((shape for shape in shapes if path and path[0] in shape.members), shapes[0]), path)


def _problem(shape: Any, path: Sequence[str | int]) -> str | None:
    for part in path:
        if shape.type_name == "structure" and part in shape.members:
            shape = shape.members[part]
        elif shape.type_name == "list":
            shape = shape.member
        elif shape.type_name == "map":
            shape = shape.value
        else:
            return f"there is no '{part}'."
    return None
