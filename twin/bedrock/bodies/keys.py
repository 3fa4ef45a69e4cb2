"""A flat JSON body judged by a table of its keys, in the words of Bedrock's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.emulator.hooks import Json, ServiceError

_NAMES = {str: "String", int: "Integer", float: "Number", bool: "Boolean", dict: "JSONObject", list: "JSONArray"}


@dataclass(frozen=True)
class Key:
    """What a body may have under a key."""

    kind: type[Any]
    required: bool = False
    least: float | None = None
    most: float | None = None
    only: Any = None


def parsed(body: bytes, keys: Mapping[str, Key]) -> Json:
    """The body. Raises ServiceError: ValidationException."""
    given = parsed_object(body)
    for name in given:
        if name not in keys:
            raise malformed(f"#: extraneous key [{name}] is not permitted")
    for name, key in keys.items():
        if name in given:
            _check(name, key, given[name])
        elif key.required:
            raise malformed(f"#: required key [{name}] not found")
    return given


def parsed_object(body: bytes) -> Json:
    """The body, whatever its keys. Raises ServiceError: ValidationException where it is no JSON object."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise malformed("#: expected a JSON object") from error
    if not isinstance(given, dict):
        raise malformed(f"#: expected type: JSONObject, found: {_NAMES.get(type(given), 'Null')}")
    return given


def malformed(problem: str) -> ServiceError:
    """The error of a body that is not as it should be."""
    message = f"Malformed input request: {problem}, please reformat your input and try again."
    return ServiceError("ValidationException", message)


def _check(name: str, key: Key, value: Any) -> None:
    admitted = (int, float) if key.kind is float else (key.kind,)
    if not isinstance(value, admitted) or (isinstance(value, bool) and key.kind is not bool):
        raise malformed(f"#/{name}: expected type: {_NAMES[key.kind]}, found: {_NAMES.get(type(value), 'Null')}")
    if key.least is not None and value < key.least:
        raise malformed(f"#/{name}: {value} is not greater or equal to {key.least}")
    if key.most is not None and value > key.most:
        raise malformed(f"#/{name}: {value} is not less or equal to {key.most}")
    if key.only is not None and value != key.only:
        raise malformed(f"#/{name}: {json.dumps(value)} is not supported, only {json.dumps(key.only)}")
