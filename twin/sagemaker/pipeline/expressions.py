"""The expressions of a definition: `Get`, `Std:Join` and `Std:JsonGet`, wherever a value may stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_PART = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]", re.DOTALL)
_KINDS = ("Get", "Std:Join", "Std:JsonGet")


class ExpressionError(Exception):
    """An expression is not well formed, or what it refers to is not there; the text says which."""


def is_expression(value: Any) -> bool:
    """Whether a value of a definition is known only when the pipeline runs."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _KINDS


def parts_of(path: str) -> list[str | int]:
    """The steps of a path: `a.b[0].c['d e']` has the keys `a`, `b`, `c` and `d e`, and the index 0.

    Raises ExpressionError where the path is none.
    """
    parts: list[str | int] = []
    position = 0
    path = path.removeprefix("$").removeprefix(".")
    while position < len(path):
        if path[position] == "." and parts:
            position += 1
        matched = _PART.match(path, position)
        if not matched:
            raise ExpressionError(f"'{path}' is not a path.")
        name = matched["name"] if matched["name"] is not None else matched["key"]
        parts.append(int(matched["index"]) if name is None else name)
        position = matched.end()
    if not parts:
        raise ExpressionError("A path is empty.")
    return parts


def look_up(data: Any, path: list[str | int], shown: str) -> Any:
    """What lies at `path` in `data`.

    A key into a list finds the element of that name: `Outputs['evaluation']` is the output whose OutputName is
    `evaluation`. Raises ExpressionError, which gives the path as `shown`, where nothing lies there.
    """
    for part in path:
        try:
            data = _named(data, part) if isinstance(data, list) and isinstance(part, str) else data[part]
        except (KeyError, IndexError, TypeError) as error:
            raise ExpressionError(f"There is no {part!r} at '{shown}'.") from error
    return data


def _named(elements: list[Any], name: str) -> Any:
    for element in elements:
        if isinstance(element, dict) and any(k.endswith("Name") and v == name for k, v in element.items()):
            return element
    raise KeyError(name)


LoadPropertyFile = Callable[[str, str], Any]


@dataclass
class Values:
    """What expressions refer to.

    Attributes:
        parameters: the execution's parameters.
        execution: `PipelineExecutionId` and its like.
        steps: the properties of every step that has succeeded.
        load_property_file: gives the JSON of a property file, by the names of the step and of the file.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    steps: dict[str, Any] = field(default_factory=dict)
    load_property_file: LoadPropertyFile | None = None

    def resolve(self, value: Any) -> Any:
        """`value` with every expression in it replaced. Raises ExpressionError."""
        if is_expression(value):
            ((kind, operand),) = value.items()
            return {"Get": self._get, "Std:Join": self._join, "Std:JsonGet": self._json_get}[kind](operand)
        if isinstance(value, dict):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        return value

    def _get(self, path: str) -> Any:
        root, *rest = parts_of(path)
        known: dict[str | int, Any] = {
            "Parameters": self.parameters,
            "Execution": self.execution,
            "Steps": self.steps,
        }
        return look_up(known[root], rest, path)

    def _join(self, operand: Any) -> str:
        separator = self.resolve(operand.get("On", ""))
        return str(separator).join(as_text(self.resolve(value)) for value in operand["Values"])

    def _json_get(self, operand: Any) -> Any:
        step, name = property_file_of(operand)
        if self.load_property_file is None:
            raise ExpressionError(f"The property file {name} of step {step} cannot be read here.")
        path = str(self.resolve(operand["Path"]))
        document = self.load_property_file(step, name)
        return look_up(document, parts_of(path), f"{name}: {path}")


def property_file_of(operand: Any) -> tuple[str, str]:
    """The step and the name of the property file that a `Std:JsonGet` reads. Raises ExpressionError."""
    reference = operand.get("PropertyFile")
    if not is_expression(reference) or "Get" not in reference:
        raise ExpressionError("Std:JsonGet reads a property file: 'PropertyFile' must be a Get of one.")
    parts = parts_of(reference["Get"])
    if len(parts) != 4 or parts[0] != "Steps" or parts[2] != "PropertyFiles":
        raise ExpressionError(f"'{reference['Get']}' is not the path of a property file.")
    return str(parts[1]), str(parts[3])


def as_text(value: Any) -> str:
    """A value as `Std:Join` writes it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def expressions_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Every expression in `value`, those within others too, as pairs of kind and operand."""
    if is_expression(value):
        ((kind, operand),) = value.items()
        yield kind, operand
        value = operand
    if isinstance(value, dict):
        for inner in value.values():
            yield from expressions_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions_in(inner)


def steps_referred_to(value: Any) -> set[str]:
    """The names of the steps whose properties or files the expressions in `value` need."""
    paths = [parts_of(operand) for kind, operand in expressions_in(value) if kind == "Get"]
    return {str(path[1]) for path in paths if path[0] == "Steps" and len(path) > 1}
