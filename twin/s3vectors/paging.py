"""Lists by name, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from twin.emulator.hooks import Json

_MOST = 500
_Thing = TypeVar("_Thing")


def page_of_names(member: str, things: Mapping[str, _Thing], given: Json, summary: Callable[[_Thing], Json]) -> Json:
    """A page of what begins with `prefix`, after `nextToken`: the name that the page before ended with."""
    after, prefix, most = given.get("nextToken", ""), given.get("prefix", ""), given.get("maxResults", _MOST)
    names = sorted(name for name in things if name.startswith(prefix) and name > after)
    more = {"nextToken": names[most - 1]} if len(names) > most else {}
    return {member: [summary(things[name]) for name in names[:most]], **more}
