"""A raw record to an example: JSON where reading has not told the columns apart, then the columns themselves."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from pipelines.preparation.conversations import conversation
from pipelines.preparation.decoding import decode
from pipelines.preparation.json_types import json_type
from pipelines.preparation.preference import pair, text_in
from pipelines.preparation.records import Example, Line, Reason, Rejected
from pipelines.preparation.settings import Columns


def parse(line: Line, columns: Columns, max_bytes: int) -> Example:
    """Return the columns of a record as they stand in it, or raise `Rejected`."""
    if line.problem is not None:
        raise line.problem
    if line.size > max_bytes:
        raise Rejected(Reason.OVERSIZED, f"{line.size} bytes; data.max_record_bytes is {max_bytes}")
    record: Mapping[str, Any]
    if line.fields is None:
        record = _parse_object(decode(line.content))
        repeated = record.repeated if isinstance(record, _Repetitive) else line.repeated
    else:
        record, repeated = line.fields, line.repeated
    for name in columns.names:
        _check_presence(record, name, repeated)
    if columns.rejected:
        return pair(record, columns)
    if columns.messages:
        return Example.of(conversation(record[columns.messages], columns.messages))
    target = text_in(record, columns.target) if columns.target else ""
    return Example(text_in(record, columns.text), target)


def columns_of(line: Line) -> Mapping[str, Any]:
    """Return the columns of a record, or none where it cannot be read."""
    if line.fields is not None:
        return line.fields
    try:
        return _parse_object(decode(line.content))
    except Rejected:
        return {}


class _Repetitive(dict[str, Any]):
    """A JSON object that has some of its keys more than once: which value is meant, nobody can tell."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.repeated = frozenset(key for key, count in counts.items() if count > 1)


def _parse_object(text: str) -> dict[str, Any]:
    try:
        record = _JSON.decode(text)
    except json.JSONDecodeError as error:
        raise Rejected(Reason.NOT_JSON, f"{error.msg.removesuffix(' at')} at character {error.pos}") from error
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, thousands of brackets
        raise Rejected(Reason.NOT_JSON, str(error)) from error
    if not isinstance(record, dict):
        raise Rejected(Reason.NOT_AN_OBJECT, f"the line is a JSON {json_type(record)}")
    return record


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    return record if len(record) == len(pairs) else _Repetitive(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_to_object)


def _check_presence(record: Mapping[str, Any], name: str, repeated: frozenset[str]) -> None:
    if name not in record:
        raise Rejected(Reason.MISSING_COLUMN, f"no column {name!r}")
    if name in repeated:
        raise Rejected(Reason.DUPLICATE_KEY, f"column {name!r} is there more than once")
