"""Texts with some of their places marked."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def marked(text: str, places: Sequence[Sequence[int]]) -> Markup:
    """Return a text, escaped, with what lies between each pair of places marked; the places follow one another."""
    parts, position = Markup(), 0
    for first, last in places:
        parts += escape(text[position:first]) + Markup("<mark>%s</mark>") % text[first:last]
        position = last
    return parts + escape(text[position:])
