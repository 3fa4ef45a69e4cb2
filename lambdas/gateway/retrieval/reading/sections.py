"""A document's text as sections: what stands under one heading, with the headings above it.

Readers of the formats give headings and paragraphs as they come; here they are cleaned, nested and bounded.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_HEADING_CHARACTERS = 120
DEEPEST = 6
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# Controls, lone surrogates, soft hyphens, zero-width spaces, direction marks and tag characters: nobody sees them, and
# a model or a search that does would read another text than the person.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Sorting a run of marks takes quadratic time; Unicode's stream-safe text format allows 30 in a row.
_MARK = f"[{''.join(filter(unicodedata.combining, map(chr, range(0x300, 0x1F000))))}]"
_EXCESS_MARKS = re.compile(f"({_MARK}{{30}}){_MARK}+")
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_SPACES_AT_LINE_END = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Section:
    """A text, and the headings it stands under, the outermost first."""

    path: tuple[str, ...]
    text: str


class Outline:
    """Sections in the making."""

    def __init__(self) -> None:
        self._sections: list[Section] = []
        self._headings: list[tuple[int, str]] = []
        self._pieces: list[str] = []

    def heading(self, level: int, title: str) -> None:
        """Begin a section; headings of the same level or a deeper one end."""
        self._close()
        level = max(1, min(level, DEEPEST))
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        if cleaned := clean(title).replace("\n", " ")[:MOST_HEADING_CHARACTERS].strip():
            self._headings.append((level, cleaned))

    def text(self, piece: str) -> None:
        """Add to the section, white space and all."""
        self._pieces.append(piece)

    def sections(self) -> list[Section]:
        """Give the sections that hold text, in their order."""
        self._close()
        return self._sections

    def _close(self) -> None:
        if text := clean("".join(self._pieces)):
            self._sections.append(Section(tuple(title for _, title in self._headings), text))
        self._pieces = []


def clean(text: str) -> str:
    """Give a text in NFKC, without invisible characters, with single spaces and at most one blank line at a place.

    >>> clean("one\\u00a0 two \\r\\n\\n\\n\\nthree\\u200b")
    'one two\\n\\nthree'
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _EXCESS_MARKS.sub(r"\1", text))
    text = _SPACES_AT_LINE_END.sub("\n", _SPACES.sub(" ", text))
    return _BLANK_LINES.sub("\n\n", text).strip()
