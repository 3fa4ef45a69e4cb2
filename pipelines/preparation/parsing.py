"""A raw line to an example: UTF-8, then JSON, then the two columns, each refusal with its reason."""

import json
from collections import Counter
from typing import Any, NoReturn

from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns

_MOST_ZEROS = 8
"""A line of which more than one byte in so many is zero is no UTF-8: ASCII has half of them in UTF-16."""


def parse(line: Line, columns: Columns, max_bytes: int) -> Example:
    """Return the two columns of a line as they stand in it, or raise `Rejected`."""
    if line.size > max_bytes:
        raise Rejected(Reason.OVERSIZED, f"{line.size} bytes; data.max_record_bytes is {max_bytes}")
    record = _parse_object(_decode(line.content))
    return Example(text=_column(record, columns.text), target=_column(record, columns.target))


class _Repetitive(dict[str, Any]):
    """A JSON object that has some of its keys more than once: which value is meant, nobody can tell."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.repeated = {key for key, count in counts.items() if count > 1}


def _decode(content: bytes) -> str:
    if content.count(0) * _MOST_ZEROS > len(content):
        raise Rejected(Reason.INVALID_UTF8, "most likely UTF-16 or UTF-32; save the file as UTF-8")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Rejected(Reason.INVALID_UTF8, f"{error.reason} at byte {error.start}") from error
    if not text.strip():
        raise Rejected(Reason.EMPTY, "the line is blank")
    return text


def _parse_object(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_to_object)
    except json.JSONDecodeError as error:
        raise Rejected(Reason.NOT_JSON, f"{error.msg.removesuffix(' at')} at character {error.pos}") from error
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, thousands of brackets
        raise Rejected(Reason.NOT_JSON, str(error)) from error
    if not isinstance(record, dict):
        raise Rejected(Reason.NOT_AN_OBJECT, f"the line is a JSON {_json_type(record)}")
    return record


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    return record if len(record) == len(pairs) else _Repetitive(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _column(record: dict[str, Any], name: str) -> str:
    if name not in record:
        raise Rejected(Reason.MISSING_COLUMN, f"no column {name!r}")
    if isinstance(record, _Repetitive) and name in record.repeated:
        raise Rejected(Reason.DUPLICATE_KEY, f"column {name!r} is there more than once")
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
    names = {dict: "object", _Repetitive: "object", list: "array", str: "string", int: "number", float: "number"}
    return names[type(value)]
