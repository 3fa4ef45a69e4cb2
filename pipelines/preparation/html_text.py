"""HTML to plain text: blocks become lines, list items keep their bullets, markup and scripts go.

Text needs no tree, so this reads tags one by one and stays linear on any input. That is the reason for not using
a parser: on hostile megabytes `html.parser` takes minutes (and raises), tree builders are quadratic in depth or
attributes, or drop what is nested too deeply. What only looks like markup (`a < b`, `List<String>`) is kept.
"""

import html
import re
from collections.abc import Iterator

_NAME = r"[a-zA-Z][a-zA-Z0-9:.-]*+"
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+"""
# Every alternative stops at the next "<", so a tag that never closes costs no more than its own length.
_TAG = re.compile(rf"<(/?)({_NAME})(?=[\s/>])(?:{_ATTRIBUTES}|[^<>]*+)>|<[!?][a-zA-Z\[][^<>]*+>")
_END_TAG = re.compile(rf"</({_NAME})\s*+>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_SPACE = re.compile(r"\s+")
# A bullet stands before its text, also where a paragraph opens the item.
_BULLET = re.compile(r"(?:\n- \s*)+")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARAGRAPHS = _names(
    "address article aside blockquote body details dialog dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header"
    " html main menu nav ol p pre section table ul"
)
_LINES = _names("br caption dd div dt figcaption hr legend li optgroup option summary tr")
_INLINE = _names(
    "a abbr acronym b base bdi bdo big button center cite code col colgroup data del dfn em embed font i iframe img"
    " input ins kbd label link map mark meta meter noscript object output picture progress q rp rt ruby s samp"
    " select small source span strike strong sub sup tbody td textarea tfoot th thead time track tt u var video wbr"
)
_SKIPPED = _names("head script style svg template title")
_KNOWN = _PARAGRAPHS | _LINES | _INLINE | _SKIPPED


def html_to_text(markup: str) -> str:
    """Return the readable text of a fragment or page; text without any markup keeps its own lines."""
    if "<" not in markup:
        return _resolve_references(markup)
    markup = _without_comments(markup)
    # An element that HTML does not know (`<note>`) counts as markup where it is closed somewhere.
    known = _KNOWN.union(name.lower() for name in _END_TAG.findall(markup))
    tags = [tag for tag in _TAG.finditer(markup) if tag[2] is None or tag[2].lower() in known]
    if not tags:
        return _resolve_references(markup)
    return _BULLET.sub("\n- ", "".join(_layout(markup, tags)))


def _layout(markup: str, tags: list[re.Match[str]]) -> Iterator[str]:
    position = 0
    skipped: str | None = None
    preformatted = False
    for tag in tags:
        if skipped is None:
            yield _resolve_references(_flow(markup[position : tag.start()], preformatted))
        position = tag.end()
        name = (tag[2] or "").lower()
        closing = tag[1] == "/"
        if skipped is not None:
            skipped = None if closing and name == skipped else skipped
            continue
        if name in _SKIPPED and not closing:
            skipped = name
        if name == "pre":
            preformatted = not closing
        yield _break(name, closing)
    if skipped is None:
        yield _resolve_references(_flow(markup[position:], preformatted))


def _flow(text: str, preformatted: bool) -> str:
    """Line feeds in HTML source are spaces, except in preformatted text."""
    return text if preformatted else _SPACE.sub(" ", text)


def _break(name: str, closing: bool) -> str:
    """What a tag puts between the texts on its two sides."""
    if name in _PARAGRAPHS:
        return "\n\n"
    if name == "li" and not closing:
        return "\n- "
    if name in _LINES:
        return "\n"
    return " " if name in ("td", "th") else ""


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
