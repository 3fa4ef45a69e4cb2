"""HTML as sections: headings nest what stands below them, blocks become lines; scripts, styles and what is plainly
hidden from readers are left out.

Text needs no tree, so tags are read one by one, in time that grows with the length alone. On hostile megabytes the
standard library's parser takes minutes, and builders of trees are quadratic in depth.
"""

from __future__ import annotations

import html
import re

from lambdas.gateway.retrieval.reading.sections import Outline, Section
from lambdas.gateway.retrieval.reading.visibility import OpenElements

# Each alternative stops at the next "<": a tag that never closes costs no more than its own length. Atomic groups,
# because Python before 3.11.5 matches possessive ones with branches wrongly.
_ATTRIBUTES = r"""(?>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*)"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][\w:.-]*+)(?=[\s/>])(?:{_ATTRIBUTES}|[^<>]*+)>|<[!?][a-zA-Z\[][^<>]*+>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_SPACE = re.compile(r"\s+")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARAGRAPHS = _names(
    "address article aside blockquote body details dialog dl fieldset figure footer form header html main menu nav note"
    " ol p pre section table ul"
)
_LINES = _names("caption dd div dt figcaption hr legend li optgroup option summary tr")
_CELLS = _names("td th")
_SKIPPED = _names("head iframe noscript script style svg title")


def read_html(markup: str) -> list[Section]:
    """Read a page or a fragment.

    >>> read_html("<h1>Buckets</h1><p>They hold <b>objects</b>.</p>")
    [Section(path=('Buckets',), text='They hold objects.')]
    """
    markup = _without_comments(markup)
    # Where each element is closed for the last time: one that never is hides nothing.
    closed = {tag[2].lower(): tag.start() for tag in _TAG.finditer(markup) if tag[1]}
    page = _Page(closed)
    position = 0
    for tag in _TAG.finditer(markup):
        page.add_text(markup[position : tag.start()])
        page.add_tag((tag[2] or "").lower(), tag.start(), tag[0], closing=bool(tag[1]))
        position = tag.end()
    page.add_text(markup[position:])
    return page.outline.sections()


class _Page:
    """What was read so far, and what the text at hand belongs to."""

    def __init__(self, closed: dict[str, int]) -> None:
        self.outline = Outline()
        self._closed = closed
        self._skipped = ""
        self._open = OpenElements()
        self._preformatted = False
        self._heading: tuple[str, list[str]] | None = None
        # What the next text must be preceded by: an item's bullet stays with its text, whatever paragraphs it opens.
        self._line_feeds = 0
        self._bullet = ""

    def add_text(self, source: str) -> None:
        if self._skipped or self._open.hidden or not source:
            return
        # In the source of HTML a line feed is a space, except in preformatted text.
        flowing = source if self._preformatted else _SPACE.sub(" ", source)
        self._write(_REFERENCE.sub(lambda found: html.unescape(found[0]), flowing))

    def add_tag(self, name: str, start: int, tag: str, *, closing: bool) -> None:
        if self._skipped:
            if closing and name == self._skipped:
                self._skipped = ""
        elif name in _SKIPPED:
            if not closing and not tag.endswith("/>") and self._closed.get(name, -1) > start:
                self._skipped = name
        elif name:
            self._note(name, tag, closing=closing)

    def _note(self, name: str, tag: str, *, closing: bool) -> None:
        """Note a tag of what is read, and give the text a form by it where readers see that."""
        if closing:
            self._open.close(name)
        else:
            self._open.open(name, tag)
        if self._open.hidden:
            return
        if name in _HEADINGS:
            self._turn_heading(name, closing)
        elif name in _PARAGRAPHS:
            self._preformatted = name == "pre" and not closing
            self._line_feeds = 2
        elif name == "br":
            self._line_feeds = min(self._line_feeds + 1, 2)
        elif name in _LINES:
            self._line_feeds = max(self._line_feeds, 1)
            self._bullet = "- " if name == "li" and not closing else ""
        elif name in _CELLS:
            self._write(" ")

    def _turn_heading(self, name: str, closing: bool) -> None:
        if self._heading:
            level, pieces = _HEADINGS[self._heading[0]], self._heading[1]
            self._heading = None
            self.outline.heading(level, "".join(pieces))
        # One that is closed nowhere would take the whole rest for its title.
        if not closing and name in self._closed:
            self._heading = (name, [])

    def _write(self, text: str) -> None:
        if self._heading:
            self._heading[1].append(text)
        elif self._line_feeds or self._bullet:
            if not text.isspace():
                self.outline.text("\n" * self._line_feeds + self._bullet + text)
                self._line_feeds, self._bullet = 0, ""
        else:
            self.outline.text(text)


def _without_comments(markup: str) -> str:
    pieces = []
    position = 0
    while (start := markup.find("<!--", position)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        pieces.append(markup[position:start])
        position = end + 3
    pieces.append(markup[position:])
    return "".join(pieces)
