"""One JSON object a line: written so that no reader splits it, and read so that no reader doubts what it says."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

from pipelines.formats.reasons import Problem, Reason

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is looked at. The longest record that any service takes is a fifth of it, escapes and all."""

_BLOCK_BYTES = 1024 * 1024
_MOST_ZEROS = 8
"""A line of which more than one byte in so many is zero is no UTF-8: ASCII has half of them in UTF-16."""

# Not line ends in JSON, but `str.splitlines` and some editors take them for such.
_LINE_SEPARATORS = {character: f"\\u{ord(character):04x}" for character in "\x85\u2028\u2029"}


def to_line(document: Mapping[str, Any]) -> str:
    """Return the document as one line, without its line end."""
    line = json.dumps(document, ensure_ascii=False)
    for character, escape in _LINE_SEPARATORS.items():
        line = line.replace(character, escape)
    return line


class LineStream(Protocol):
    """What a buffered binary stream offers: at most `limit` bytes, ending early after a line feed."""

    def readline(self, limit: int, /) -> bytes: ...


def read_lines(stream: LineStream) -> Iterator[bytes]:
    """Yield the lines of a stream with their line ends; of one that is too long, its beginning alone.

    What is cut has more than `MAX_LINE_BYTES` still, and so is refused for its length.
    """
    limit = MAX_LINE_BYTES + 2
    while line := stream.readline(limit):
        yield line
        while not line.endswith(b"\n") and len(line) >= limit and (block := stream.readline(_BLOCK_BYTES)):
            if block.endswith(b"\n"):
                break


def parse_line(line: bytes) -> dict[str, Any] | Problem:
    """Return the JSON object on a line, or why there is none that every reader would read alike."""
    if len(line.removesuffix(b"\n").removesuffix(b"\r")) > MAX_LINE_BYTES:
        return Problem(Reason.OVERSIZED_LINE, f"more than {MAX_LINE_BYTES:,} bytes")
    if line.count(0) * _MOST_ZEROS > len(line):
        return Problem(Reason.NOT_UTF8, "most likely UTF-16 or UTF-32")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Problem(Reason.NOT_UTF8, f"{error.reason} at byte {error.start}")
    if text.startswith("\ufeff"):
        return Problem(Reason.BYTE_ORDER_MARK, "the line begins with U+FEFF")
    return _parse(text) if text.strip() else Problem(Reason.BLANK_LINE, "there is nothing on the line")


def _parse(text: str) -> dict[str, Any] | Problem:
    try:
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repetition)
    except json.JSONDecodeError as error:
        return Problem(Reason.NOT_JSON, f"{error.msg.removesuffix(' at')} at character {error.pos}")
    except _RepeatedKey as error:
        return Problem(Reason.DUPLICATE_KEY, f"the key {_quoted(str(error))} is there more than once")
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, thousands of brackets
        return Problem(Reason.NOT_JSON, str(error))
    if not isinstance(document, dict):
        return Problem(Reason.NOT_AN_OBJECT, f"the line is a JSON {json_type(document)}")
    return document


class _RepeatedKey(Exception):
    """A JSON object that has a key more than once."""


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise _RepeatedKey(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _quoted(text: str) -> str:
    return json.dumps(text[:80])


def json_type(value: object) -> str:
    """Name the type of a value that was read from JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}[type(value)]
