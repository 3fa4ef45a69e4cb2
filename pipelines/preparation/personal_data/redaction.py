"""Runs the rows of all families over a text, in order: what a former one replaced, a later one does not see.

A value ends where its line ends, but for private keys. So hints are looked for in a text as a whole, which is all that
becomes of most texts, and then only the lines with a hint are searched for the pattern.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from pipelines.preparation.personal_data import addresses, national_ids, network, payment, phone, secrets
from pipelines.preparation.personal_data.detector import Detector, Hint

# A national telephone number, the least certain of all, comes last.
DETECTORS: tuple[Detector, ...] = (
    *secrets.DETECTORS,
    *addresses.DETECTORS,
    *phone.INTERNATIONAL,
    *payment.DETECTORS,
    *national_ids.DETECTORS,
    phone.NORTH_AMERICAN,
    *network.DETECTORS,
    phone.ANNOUNCED,
)


def _mark(literal: str) -> str:
    return next((mark for mark in "_-" if mark in literal), "")


Group = tuple[Hint, tuple[Detector, ...]]
"""Rows that follow each other and share their hint."""
_GROUPS: tuple[Group, ...] = tuple((hint, tuple(rows)) for hint, rows in groupby(DETECTORS, key=lambda row: row.hint))
# What most texts do not have stands before what it tells: the marks in the literals, and the digit in all the rest.
_NAMED = [
    (mark, [(hint, group) for group in _GROUPS if isinstance(hint := group[0], str) and _mark(hint) == mark])
    for mark in ("_", "-", "")
]
_SEARCHED = [(hint, group) for group in _GROUPS if not isinstance(hint := group[0], str)]
_has_digit = re.compile("[0-9]").search
_ROUNDS = 10


def redact(text: str) -> tuple[str, Counter[str]]:
    """Replace each find by its type in brackets (`[EMAIL]`) and count the finds by type.

    What was redacted stays as it is when it is redacted again: a find can uncover another beside it, so what has a
    find is searched until there are no more. (A text that is built to uncover one by one is left after ten rounds.)
    """
    found: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        before = text
        if "PRIVATE KEY" in text:
            text = secrets.PRIVATE_KEY.redact(text, found)
        text = _redact_lines(text, found)
        if text == before or "PRIVATE KEY" not in text:
            break
    return text, found


def _redact_lines(text: str, found: Counter[str]) -> str:
    hinted: dict[tuple[int, int], list[Group]] = {}
    for group in _hinted(text):
        for line in _lines_with(group[0], text):
            hinted.setdefault(line, []).append(group)
    if not hinted:
        return text
    pieces, position = [], 0
    for (start, end), groups in sorted(hinted.items()):
        pieces += [text[position:start], _redact_line(text[start:end], groups, found)]
        position = end
    return "".join((*pieces, text[position:]))


def _hinted(text: str) -> list[Group]:
    groups: list[Group] = []
    for mark, named in _NAMED:
        if mark in text:
            groups += [group for literal, group in named if literal in text]
    if _has_digit(text):
        groups += [group for search, group in _SEARCHED if search(text, 0)]
    return groups


def _lines_with(hint: Hint, text: str) -> Iterator[tuple[int, int]]:
    """Yield where lines begin and end that have a hint."""
    position = _find(hint, text, 0)
    while position >= 0:
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        yield text.rfind("\n", 0, position) + 1, end
        position = _find(hint, text, end)


def _find(hint: Hint, text: str, start: int) -> int:
    if isinstance(hint, str):
        return text.find(hint, start)
    match = hint(text, start)
    return match.start() if match else -1


def _redact_line(line: str, groups: list[Group], found: Counter[str]) -> str:
    for _ in range(_ROUNDS):
        before = line
        for hint, rows in groups:
            if _find(hint, line, 0) >= 0:
                for row in rows:
                    line = row.redact(line, found)
        if line == before:
            break
    return line
