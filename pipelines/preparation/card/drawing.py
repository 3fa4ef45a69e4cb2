"""The drawings: SVG that the page's own CSS colours, with a title and a description for those who do not see it.

Bars are drawn in per cent of their width and text stands beside them in HTML, so that both stay legible on a phone.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.preparation.card.elements import Html, tag
from pipelines.preparation.card.figures import count, share


class Part(NamedTuple):
    """A part of a bar: how much, of what, and the CSS class that colours it."""

    amount: float
    words: str
    kind: str = "bar"


def bar(parts: Sequence[Part], whole: float, height: int = 18) -> Html:
    """Draw parts of a whole behind one another, on a track as long as the whole."""
    words = ", ".join(part.words for part in parts)
    drawn, begin = [tag("rect", class_="track", x="0", y="0", width="100%", height=height, rx=3)], 0.0
    for part in parts:
        width = 100 * part.amount / whole if whole else 0.0
        if part.amount:
            # What is there is seen, however little it is.
            x, wide = f"{min(begin, 99.6):.3f}%", f"{max(width, 0.4):.3f}%"
            drawn.append(_shape("rect", part.words, class_=part.kind, x=x, y=0, width=wide, height=height, rx=3))
        begin += width
    return tag("svg", tag("title", words), *drawn, class_="line", width="100%", height=height, role="img")


class Row(NamedTuple):
    """A count with its name, and the CSS class that colours its bar."""

    label: str
    number: int
    kind: str = "bar"


def bars(rows: Sequence[Row], whole: int) -> Html:
    """Draw counts as bars, each with its name, its number and its share of the whole."""
    longest = max((row.number for row in rows), default=0)
    items = [
        tag(
            "li",
            tag("span", row.label, class_="what"),
            bar([Part(row.number, f"{row.label}: {count(row.number)}", row.kind)], longest, 12),
            tag("span", tag("b", count(row.number)), f" {share(row.number, whole)}", class_="much"),
        )
        for row in rows
    ]
    return tag("ul", *items, class_="bars")


def legend(parts: Sequence[tuple[str, str]]) -> Html:
    """Return what each colour means, as pairs of CSS class and words."""
    items = [
        tag(
            "li",
            tag("svg", tag("rect", class_=kind, width=10, height=10, rx=2), width=10, height=10, aria_hidden="true"),
            words,
        )
        for kind, words in parts
    ]
    return tag("ul", *items, class_="legend")


def figure(name: str, title: str, description: str, size: tuple[int, int], parts: Sequence[Html]) -> Html:
    """Return a drawing of its own; `name` must be the page's only one."""
    head = [tag("title", title, id=f"{name}-t"), tag("desc", description, id=f"{name}-d")]
    view = f"0 0 {size[0]} {size[1]}"
    return tag("svg", *head, *parts, class_="figure", viewBox=view, role="img", aria_labelledby=f"{name}-t {name}-d")


def column(x: float, y: float, width: float, height: float, kind: str, words: str) -> Html:
    """Return an upright bar that says its figures when pointed at."""
    return _shape(
        "rect", words, class_=kind, x=_round(x), y=_round(y), width=_round(width), height=_round(height), rx=1.5
    )


def text(x: float, y: float, words: str, kind: str = "value", anchor: str = "middle") -> Html:
    """Return a line of text."""
    return tag("text", words, class_=kind, x=_round(x), y=_round(y), text_anchor=anchor)


def rule(x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> Html:
    """Return a straight line."""
    return tag("line", class_=kind, x1=_round(x1), y1=_round(y1), x2=_round(x2), y2=_round(y2))


def _shape(name: str, words: str, **attributes: str | float) -> Html:
    """Return a shape with a title, which an element without children has no place for."""
    whole = str(tag(name, **attributes))
    return Html(f"{whole[:-2]}>{tag('title', words)}</{name}>")


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
