"""The arguments of a step: those of the API that the step calls, less the name, which the service makes up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twin.constraints import WrongTypeError, violations
from twin.sagemaker import honoured
from twin.sagemaker.pipeline import conditions
from twin.sagemaker.pipeline.expressions import is_expression
from twin.sagemaker.search.honoured import HYPER_PARAMETER_TUNING_JOB
from twin.sagemaker.validation import model
from twin.support import unsupported


@dataclass(frozen=True)
class StepCall:
    """What a step of one type calls: the operation, its member for the name, and what of it is honoured."""

    operation: str
    honoured: Mapping[str, Any]
    name_member: str | None = None


CALLS: Mapping[str, StepCall] = {
    "Training": StepCall("CreateTrainingJob", honoured.TRAINING_JOB, "TrainingJobName"),
    "Tuning": StepCall("CreateHyperParameterTuningJob", HYPER_PARAMETER_TUNING_JOB, "HyperParameterTuningJobName"),
    "Processing": StepCall("CreateProcessingJob", honoured.PROCESSING_JOB, "ProcessingJobName"),
    "Model": StepCall("CreateModel", honoured.MODEL, "ModelName"),
    "RegisterModel": StepCall("CreateModelPackage", honoured.MODEL_PACKAGE),
}


def argument_problems(name: str, step_type: str, arguments: Any) -> Iterator[str]:
    """What is wrong with the arguments of a step; values that are expressions are judged when it runs."""
    if not isinstance(arguments, dict):
        yield f"The arguments of step {name} are not an object."
    elif step_type == "Condition":
        yield from _condition_problems(name, arguments)
    elif step_type == "Fail":
        if set(arguments) != {"ErrorMessage"}:
            yield f"Step {name} must have exactly the argument ErrorMessage."
    else:
        yield from (f"Step {name}: {problem}" for problem in _call_problems(CALLS[step_type], arguments))


def _condition_problems(name: str, arguments: dict[str, Any]) -> Iterator[str]:
    for member in arguments.keys() - {"Conditions", "IfSteps", "ElseSteps"}:
        yield f"The argument {member} of step {name} is not supported."
    if not arguments.get("Conditions"):
        yield f"Step {name} has no conditions."
    for number, condition in enumerate(arguments.get("Conditions") or ()):
        yield from conditions.problems(condition, f"{name}.Conditions[{number}]")


def _call_problems(call: StepCall, arguments: dict[str, Any]) -> Iterator[str]:
    if call.name_member in arguments:
        yield f"The property {call.name_member} is not supported here: the pipeline names what it starts."
    shape = model().operation_model(call.operation).input_shape
    # Any name does; without one, the model would say that it is missing.
    complete = {call.name_member: "name", **arguments} if call.name_member else arguments
    try:
        yield from violations(shape, complete, is_open=is_expression)
    except WrongTypeError as error:
        yield str(error)
        return
    yield from unsupported(call.honoured, arguments, is_open=is_expression)
