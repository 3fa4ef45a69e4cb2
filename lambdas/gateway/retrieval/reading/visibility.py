"""Which elements of a page are open, and whether one of them is plainly hidden from its readers.

Text that nobody sees is how others' words are slipped to a model, so it is not read. What hides it must stand on the
element itself: `hidden`, or `display: none` or `visibility: hidden` in its `style`. Style sheets are not evaluated.

Where an element ends without saying so, it ends as in a browser, as far as most pages need it: a paragraph before the
next block, an item before the next item, everything with what it stands in. Each tag costs a few look-ups, and each
element is taken off once: the time grows with the length alone.
"""

from __future__ import annotations

import html
import re

_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
_MAY_HIDE = re.compile("hidden|style", re.IGNORECASE)
_HIDING = {"display": "none", "visibility": "hidden"}
# A comment, or in its group what looks like one and is none: what stands in quotes or in an address, or is escaped.
_COMMENT = re.compile(
    r"""(\\.|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|url\(\s*(?!["'\s])[^)]*(?:\)|\Z))|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
_HEADING = re.compile(r"h[1-6]")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEVER_OPEN = _names("area base br col embed hr img input link meta source track wbr")
# A page that is hidden whole is one that its scripts show.
_WHOLE = _names("html body")
_ENDS_PARAGRAPH = _names(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form"
    " heading header hgroup hr li main menu nav ol p pre search section summary table ul"
)
_SCOPE = ("td", "th", "caption", "button", "object", "template")
_TABLE = _names("table caption thead tbody tfoot tr td th")
# What a tag ends that opens beside it, and where one further out is not meant.
_ENDS = {
    "li": (("li",), ("ul", "ol", "menu", *_SCOPE)),
    "dt": (("dt", "dd"), ("dl", *_SCOPE)),
    "dd": (("dt", "dd"), ("dl", *_SCOPE)),
    "td": (("td", "th"), ("table", "template")),
    "th": (("td", "th"), ("table", "template")),
    "tr": (("caption", "tr"), ("table", "template")),
    "thead": (("caption", "thead", "tbody", "tfoot"), ("table", "template")),
    "tbody": (("caption", "thead", "tbody", "tfoot"), ("table", "template")),
    "tfoot": (("caption", "thead", "tbody", "tfoot"), ("table", "template")),
    "option": (("option",), ("select", *_SCOPE)),
    "optgroup": (("option", "optgroup"), ("select", *_SCOPE)),
}


class OpenElements:
    """The elements that what is being read stands in.

    >>> page = OpenElements()
    >>> page.open("p", '<p style="display: none">')
    >>> page.hidden
    True
    >>> page.close("p")
    >>> page.hidden
    False
    """

    def __init__(self) -> None:
        self._elements: list[tuple[str, bool]] = []
        # By name, how deep each one is that is open.
        self._depths: dict[str, list[int]] = {}
        self._hiding = 0

    @property
    def hidden(self) -> bool:
        """Whether readers do not see what comes now."""
        return self._hiding > 0

    def open(self, name: str, tag: str) -> None:
        """Note an opening tag; a slash at its end closes nothing, as in a browser."""
        attributes = tag[len(name) + 1 :]
        name = _alike(name)
        if name in _ENDS_PARAGRAPH:
            self._end(("p",), _SCOPE)
        if name in _ENDS:
            self._end(*_ENDS[name])
        if name in _NEVER_OPEN:
            return
        hides = name == "template" or (name not in _WHOLE and _hides(attributes))
        self._depths.setdefault(name, []).append(len(self._elements))
        self._elements.append((name, hides))
        self._hiding += hides

    def close(self, name: str) -> None:
        """Note a closing tag; one whose element is not open, or is outside of a table's cell, closes nothing."""
        name = _alike(name)
        self._end((name,), ("table", "template") if name in _TABLE else (*_SCOPE, "table"))

    def _end(self, names: tuple[str, ...], scope: tuple[str, ...]) -> None:
        """End the innermost of these elements with all that is in it, unless the scope begins further in."""
        depth = self._innermost(names)
        if depth < 0 or depth < self._innermost(scope):
            return
        while len(self._elements) > depth:
            name, hides = self._elements.pop()
            self._depths[name].pop()
            self._hiding -= hides

    def _innermost(self, names: tuple[str, ...]) -> int:
        return max((depths[-1] for name in names if (depths := self._depths.get(name))), default=-1)


def _alike(name: str) -> str:
    """Give one name to all headings: the end of any ends whichever is open."""
    return "heading" if _HEADING.fullmatch(name) else name


def _hides(source: str) -> bool:
    """Whether attributes hide their element."""
    if not _MAY_HIDE.search(source):
        return False
    attributes: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(source):
        # Of an attribute that is given twice, the first counts.
        attributes.setdefault(name.lower(), value)
    return "hidden" in attributes or _hides_by_style(html.unescape(attributes.get("style", "").strip("\"'")))


def _hides_by_style(style: str) -> bool:
    """Whether declarations hide their element: of two of one property the last counts, or the important one."""
    told: dict[str, tuple[str, bool]] = {}
    for declaration in _COMMENT.sub(r"\1", style.lower()).split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        value, important, _ = value.partition("!important")
        if important or not told.get(name, ("", False))[1]:
            told[name] = (value.strip(), bool(important))
    return any(told.get(name, ("", False))[0] == value for name, value in _HIDING.items())
