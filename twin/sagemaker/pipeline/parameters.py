"""A pipeline's parameters: their types and defaults, and the values that an execution gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MEMBERS = {"Name", "Type", "DefaultValue", "EnumValues"}


@dataclass(frozen=True)
class Parameter:
    """A parameter as the definition declares it; `default` is None where an execution must give a value."""

    name: str
    type: str
    default: Any = None
    choices: tuple[Any, ...] = ()


class ParameterError(Exception):
    """Values that the definition does not admit; the text names every one."""


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(value)
    return float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[str(value).lower()]


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


_READERS: Mapping[str, Any] = {"String": _string, "Integer": _integer, "Float": _float, "Boolean": _boolean}
TYPES = frozenset(_READERS)


def read(parameter: Parameter, value: Any) -> Any:
    """`value`, as an execution gives it (a string), in the parameter's type.

    Raises ParameterError when it is no such value, or none of the parameter's choices.
    """
    try:
        typed = _READERS[parameter.type](value)
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(
            f"Parameter {parameter.name} is of type {parameter.type}: {value!r} is no such value."
        ) from error
    if parameter.choices and typed not in parameter.choices:
        choices = ", ".join(map(str, parameter.choices))
        raise ParameterError(f"Parameter {parameter.name} must be one of [{choices}], not {value!r}.")
    return typed


def values(declared: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """The value of every parameter: the one given, or else the default.

    Raises ParameterError with everything that is unknown, missing or of the wrong type.
    """
    known = {parameter.name for parameter in declared}
    problems = [f"Parameter {name} is not defined in the pipeline." for name in given if name not in known]
    found: dict[str, Any] = {}
    for parameter in declared:
        if parameter.name not in given and parameter.default is None:
            problems.append(f"Parameter {parameter.name} has no default value and must be given.")
            continue
        try:
            found[parameter.name] = read(parameter, given.get(parameter.name, parameter.default))
        except ParameterError as problem:
            problems.append(str(problem))
    if problems:
        raise ParameterError(" ".join(problems))
    return found
