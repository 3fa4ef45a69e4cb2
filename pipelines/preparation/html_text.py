"""HTML to plain text: blocks become lines, list items keep their bullets, markup and scripts go.

Text needs no tree, so this reads tags one by one and stays linear on any input. That is the reason for not using
a parser: on hostile megabytes `html.parser` takes minutes (and raises), tree builders are quadratic in depth or
attributes, or drop what is nested too deeply. What only looks like markup (`a < b`, `List<String>`) is kept.
"""

import html
import re
import unicodedata

# XML's names have letters of any script, and what was copied from a page has ligatures in its names too.
_NAME = r"[^\W\d_][\w:.-]*+"
# Atomic, where a possessive group would do: Python before 3.11.5 matches those wrongly where they have branches.
_ATTRIBUTES = r"""(?>(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*)"""
# Every alternative stops at the next "<", so a tag that never closes costs no more than its own length.
_TAG = re.compile(rf"<(/?)({_NAME})(?=[\s/>])(?:{_ATTRIBUTES}|[^<>]*+)>|<[!?][a-zA-Z\[][^<>]*+>")
_END_TAG = re.compile(rf"</({_NAME})\s*+>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_SPACE = re.compile(r"\s+")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARAGRAPHS = _names(
    "address article aside blockquote body details dialog dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header"
    " html main menu nav ol p pre section table ul"
)
_LINES = _names("caption dd div dt figcaption hr legend li optgroup option summary tr")
_INLINE = _names(
    "a abbr acronym b base bdi bdo big br button center cite code col colgroup data del dfn em embed font i iframe img"
    " input ins kbd label link map mark meta meter noscript object output picture progress q rp rt ruby s samp"
    " select small source span strike strong sub sup tbody td textarea tfoot th thead time track tt u var video wbr"
)
_SKIPPED = _names("head script style svg template title")
_HIDING = _SKIPPED - {"head"}
"""The ones that must be closed: a head ends where the body begins."""
_KNOWN = _PARAGRAPHS | _LINES | _INLINE | _SKIPPED


def html_to_text(markup: str) -> str:
    """Return the readable text of a fragment or page; text without any markup keeps its own lines."""
    if "<" not in markup:
        return _resolve_references(markup)
    markup = _without_comments(markup)
    closed = {_same_name(tag[1]): tag.start() for tag in _END_TAG.finditer(markup)}
    tags = [tag for tag in map(_Tag, _TAG.finditer(markup)) if tag.is_markup(closed)]
    if not tags:
        return _resolve_references(markup)
    return _lay_out(markup, tags, closed)


class _Tag:
    """What looks like a tag."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.name = _same_name(match[2] or "")
        self.closing = match[1] == "/"
        self._empty = match[0].endswith("/>")

    def is_markup(self, closed: dict[str, int]) -> bool:
        """Whether it is one; `closed` holds where each element is closed for the last time.

        An element that HTML does not know (`<note>`) counts where it is closed somewhere, and one whose content is
        not read (`<style>`) where it is closed behind: a text that speaks of it does not end there.
        """
        if self.name in _HIDING and not self.closing:
            return self._empty or self.hides(closed)
        return not self.name or self.name in _KNOWN or self.name in closed

    def hides(self, closed: dict[str, int]) -> bool:
        """Whether what comes behind it is not read."""
        return self.name in _SKIPPED and not self._empty and closed.get(self.name, -1) > self.start


def _same_name(name: str) -> str:
    """Names that differ in case or in compatibility characters are one."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFKC", name).lower()


def _lay_out(markup: str, tags: list[_Tag], closed: dict[str, int]) -> str:
    page = _Page()
    position = 0
    for tag in tags:
        page.add_text(markup[position : tag.start])
        page.add_tag(tag.name, closing=tag.closing, hides=tag.hides(closed))
        position = tag.end
    page.add_text(markup[position:])
    return "".join(page.pieces)


class _Page:
    """Text laid out so far, and what the next text must be preceded by."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._line_feeds = 0
        self._bullet = ""
        self._skipped: str | None = None
        self._preformatted = False

    def add_text(self, source: str) -> None:
        # In HTML source a line feed is a space, except in preformatted text.
        flowing = source if self._preformatted else _SPACE.sub(" ", source)
        if self._skipped is not None or not flowing:
            return
        if self._line_feeds or self._bullet:
            if flowing.isspace():
                return
            self.pieces.append("\n" * self._line_feeds + self._bullet)
            self._line_feeds, self._bullet = 0, ""
        self.pieces.append(_resolve_references(flowing))

    def add_tag(self, name: str, *, closing: bool, hides: bool) -> None:
        if self._skipped is not None:
            self._skipped = None if closing and name == self._skipped else self._skipped
        elif hides:
            self._skipped = None if closing else name
        elif name in _PARAGRAPHS:
            self._line_feeds = 2
            self._preformatted = name == "pre" and not closing
        elif name == "br":
            self._line_feeds = min(self._line_feeds + 1, 2)
        elif name in _LINES:
            self._line_feeds = max(self._line_feeds, 1)
            self._bullet = "- " if name == "li" and not closing else ""
        elif name in ("td", "th"):
            self.pieces.append(" ")


def _without_comments(markup: str) -> str:
    pieces = []
    position = 0
    while (start := markup.find("<!--", position)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        pieces.append(markup[position:start])
        position = end + 3
    pieces.append(markup[position:])
    return "".join(pieces)


def _resolve_references(text: str) -> str:
    """`&lt;` to `<` and so on. A semicolon is asked for, so that `?a=1&copy=2` stays as it is."""
    return _REFERENCE.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
