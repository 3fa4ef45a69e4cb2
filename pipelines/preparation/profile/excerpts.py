"""The beginnings of texts that may be shown: short, and with personal data replaced by its type.

A rejected line has not been through the stages that find personal data, so it is decoded first (escapes of JSON,
entities and tags of HTML, compatibility forms), as the job would have done: an address that is spelled with
`\\u0040` is one. What no pattern finds, such as a name, is not replaced.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from pipelines.preparation.html_text import html_to_text
from pipelines.preparation.personal_data import redact
from pipelines.preparation.unicode_text import normalize

CHARACTERS, BYTES = 300, 600
WITHHELD = frozenset({"personal_data"})
"""Reasons whose records are not quoted: they were rejected for what must not be shown."""

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrtbf\"/\\]")
_TAIL = 700
"""What is left out where a line was cut: it may end within an address, which no pattern finds then."""
_DEPTH = 4


def begin_of(text: str, characters: int = CHARACTERS) -> str:
    """Return how a clean text begins, with personal data replaced and without blank lines."""
    return _cut(redact(text)[0].replace("\n\n", "\n"), characters)


def explain(line: str) -> dict[str, Any]:
    """Return what may be shown of a quarantine line: detail, size, and the begin of the text unless it is withheld."""
    record = json.loads(line)
    shown = {"detail": begin_of(record["detail"]), "bytes": record["bytes"]}
    if record["reason"] not in WITHHELD:
        shown["text"] = begin_of(_readable(_raw(record)))
    return shown


def _raw(record: dict[str, Any]) -> str:
    raw: str = record["raw"]
    if record.get("raw_encoding") == "base64":
        content = base64.b64decode(raw)
        size, raw = len(content), content.decode("utf-8", errors="replace")
    else:
        size = len(raw.encode())
    return raw if size >= record["bytes"] else raw[:-_TAIL]


def _readable(raw: str) -> str:
    try:
        text = " · ".join(_leaves(json.loads(raw), "", _DEPTH))
    except (ValueError, RecursionError):
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", raw)
    return normalize(html_to_text(text))


def _leaves(value: Any, name: str, depth: int) -> Iterator[str]:
    """Yield the strings of a JSON value as they are meant, each with the name of its column."""
    label = f"{name}: " if name else ""
    if not isinstance(value, dict | list):
        yield label + (value if isinstance(value, str) else json.dumps(value))
    elif not depth:
        yield f"{label}…"
    else:
        items = value.items() if isinstance(value, dict) else ((name, element) for element in value)
        for key, element in items:
            yield from _leaves(element, key, depth - 1)


def _cut(text: str, characters: int) -> str:
    """Cut a text to a number of characters, and to the bytes that as many would mostly have."""
    limit = BYTES * characters // CHARACTERS
    cut = text[:characters].encode("utf-8", errors="replace")[:limit].decode("utf-8", errors="ignore")
    return cut if len(cut) == len(text) else f"{cut.rstrip()}…"
