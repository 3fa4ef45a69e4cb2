"""A raw line to an example: UTF-8, then JSON, then the two columns, each refusal with its reason."""

import json
from typing import Any, NoReturn

from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns


def parse(line: Line, columns: Columns, max_bytes: int) -> Example:
    """Return the two columns of a line as they stand in it, or raise `Rejected`."""
    if line.size > max_bytes:
        raise Rejected(Reason.OVERSIZED, f"{line.size} bytes; data.max_record_bytes is {max_bytes}")
    record = _parse_object(_decode(line.content))
    return Example(text=_column(record, columns.text), target=_column(record, columns.target))


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Rejected(Reason.INVALID_UTF8, f"{error.reason} at byte {error.start}") from error
    if not text.strip():
        raise Rejected(Reason.EMPTY, "the line is blank")
    return text


def _parse_object(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Rejected(Reason.NOT_JSON, f"{error.msg} at character {error.pos}") from error
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, thousands of brackets
        raise Rejected(Reason.NOT_JSON, str(error)) from error
    if not isinstance(record, dict):
        raise Rejected(Reason.NOT_AN_OBJECT, f"the line is a JSON {_json_type(record)}")
    return record


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _column(record: dict[str, Any], name: str) -> str:
    if name not in record:
        raise Rejected(Reason.MISSING_COLUMN, f"no column {name!r}")
    value = record[name]
    if not isinstance(value, str):
        raise Rejected(Reason.WRONG_TYPE, f"column {name!r} is {_json_type(value)}, not a string")
    if not value.strip():
        raise Rejected(Reason.EMPTY, f"column {name!r} is blank")
    return value


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    return names[type(value)]
