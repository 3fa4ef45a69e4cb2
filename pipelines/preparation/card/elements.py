"""HTML out of small functions. What is not made here is text, and text is escaped: there is no way around it.

A template engine would do the same; AWS Glue has none.
"""

import re
from collections.abc import Iterable
from html import escape as escape_markup

_VOID = frozenset({"meta", "br", "rect", "line", "circle"})

# No character of a page: controls, lone surrogates (UTF-8 cannot write them) and what is no character.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Markup that `tag` made; every other string is text."""

    __slots__ = ()


def escape(text: str) -> str:
    """Return a text as it stands in markup and in attributes."""
    return escape_markup(_UNWRITABLE.sub("\ufffd", text))


def tag(name: str, /, *children: str, **attributes: str | float | bool) -> Html:
    """Return an element. Children that are no `Html` are escaped, attributes always.

    An attribute's `_` is written as `-`, one at its end is left out (`class_`); False leaves an attribute out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Put elements and texts behind one another."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def section(name: str, title: str, *children: str) -> Html:
    """Return a part of the page that the list of contents leads to."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *children, id=name, aria_labelledby=f"{name}-title")


def table(head: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[int] = (), caption: str = "") -> Html:
    """Return a table that scrolls by itself where it is wider than the page; `numbers` are the columns of figures."""
    right = set(numbers)

    def cells(kind: str, row: Iterable[str]) -> Html:
        return tag("tr", *(tag(kind, cell, class_="n" if place in right else False) for place, cell in enumerate(row)))

    headings = tag("thead", cells("th", head))
    described = [tag("caption", caption)] if caption else []
    return scroll(tag("table", *described, headings, tag("tbody", *(cells("td", row) for row in rows))), caption)


def scroll(content: Html, label: str) -> Html:
    """Return what may be wider than the page, with a frame that scrolls, by keys too."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label or "table")


def folded(summary: str, *children: str, opened: bool = False, class_: str = "fold") -> Html:
    """Return what is shown when its summary is asked to."""
    state = {"open": ""} if opened else {}
    return tag("details", tag("summary", summary), *children, class_=class_, **state)


def note(*children: str) -> Html:
    """Return a line of explanation."""
    return tag("p", *children, class_="note")
