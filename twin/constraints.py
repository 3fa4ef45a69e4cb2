"""Values judged by the shapes of AWS's own API models, those that boto3 carries.

boto3 checks names and types before it sends; lengths, patterns and enumerations it leaves to the service. Other
clients, CloudFormation and the arguments of pipeline steps bring all of it unchecked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import regex

IsOpen = Callable[[Any], bool]
_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
}


class WrongTypeError(Exception):
    """A value that cannot be read as what the model says; the text says which and where."""


def summary(found: list[str]) -> str:
    """All violations in one message, as AWS words it."""
    noun = "validation error" if len(found) == 1 else "validation errors"
    return f"{len(found)} {noun} detected: {'; '.join(found)}"


def _never(_value: Any) -> bool:
    return False


def violations(shape: Any, value: Any, path: str = "", is_open: IsOpen = _never) -> Iterator[str]:
    """Everything about `value` that `shape` does not admit, in AWS's wording.

    What `is_open` says of a value that it is known only later (an expression in a pipeline's definition) is
    let through. Raises WrongTypeError for a value of the wrong type.
    """
    if is_open(value) or getattr(shape, "is_document_type", False):
        return  # a document is whatever JSON it is
    if shape.type_name == "structure":
        yield from _structure(shape, value, path, is_open)
    elif shape.type_name == "list":
        yield from _list(shape, value, path, is_open)
    elif shape.type_name == "map":
        yield from _map(shape, value, path, is_open)
    else:
        yield from _scalar(shape, value, path)


def _structure(shape: Any, value: Any, path: str, is_open: IsOpen) -> Iterator[str]:
    _require_type(value, (dict,), "a structure", path)
    if getattr(shape, "is_tagged_union", False) and (len(value) != 1 or None in value.values()):
        yield _violation(value, path, f"Member must have exactly one of: {', '.join(shape.members)}")
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation("null", _member(path, name), "Member must not be null")
    for name, inner in value.items():
        if name not in shape.members:
            known = ", ".join(shape.members)
            yield f"Unknown parameter '{name}' at '{path or 'the request'}': Member must be one of: {known}"
        elif inner is not None:
            yield from violations(shape.members[name], inner, _member(path, name), is_open)


def _list(shape: Any, value: Any, path: str, is_open: IsOpen) -> Iterator[str]:
    _require_type(value, (list,), "a list", path)
    yield from _size(shape, len(value), value, path)
    for number, inner in enumerate(value, start=1):
        yield from violations(shape.member, inner, f"{path}.{number}.member", is_open)


def _map(shape: Any, value: Any, path: str, is_open: IsOpen) -> Iterator[str]:
    _require_type(value, (dict,), "a map", path)
    yield from _size(shape, len(value), value, path)
    for key, inner in value.items():
        yield from violations(shape.key, key, f"{path}.key", is_open)
        yield from violations(shape.value, inner, f"{path}.{key}", is_open)


def _scalar(shape: Any, value: Any, path: str) -> Iterator[str]:
    expected = _SCALARS.get(shape.type_name)
    if expected is None:
        return
    _require_type(value, expected, f"a value of type {shape.type_name}", path)
    if isinstance(value, bool) and bool not in expected:
        raise WrongTypeError(f"A Boolean at '{path}' can not be read as a value of type {shape.type_name}.")
    if shape.type_name == "string":
        yield from _size(shape, len(value), value, path)
        yield from _text(shape, value, path)
    elif shape.type_name != "timestamp":
        yield from _range(shape, value, path)


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _violation(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not regex.fullmatch(pattern, value):
        yield _violation(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _size(shape: Any, size: int, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _violation(value, path, f"Member must have length greater than or equal to {least}")
    if most is not None and size > most:
        yield _violation(value, path, f"Member must have length less than or equal to {most}")


def _range(shape: Any, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _violation(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _violation(value, path, f"Member must have value less than or equal to {most}")


def _violation(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value == "null" else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _member(path: str, name: str) -> str:
    # AWS names members as its own code does: with a small letter.
    small = name[:1].lower() + name[1:]
    return f"{path}.{small}" if path else small


def _require_type(value: Any, expected: tuple[type, ...], wanted: str, path: str) -> None:
    if not isinstance(value, expected):
        raise WrongTypeError(f"A {type(value).__name__} at '{path}' can not be read as {wanted}.")
