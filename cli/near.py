"""Names that are near to one that is not known: those that have it in them, or else look like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

MOST = 6
"""As many are offered at most."""


def near(word: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys that a word may have meant.

    Args:
        word: what was given.
        names: by its key, everything else that a thing is called.
    """
    wanted = word.casefold()
    holding = [key for key, others in names.items() if any(wanted in name.casefold() for name in (key, *others))]
    return holding or get_close_matches(wanted, list(names))


def did_you_mean(found: Sequence[str], all_of_them: str) -> str:
    """Offer what was found near; where that is nothing, or more than is told, say where all of them are."""
    if not found:
        return all_of_them
    *others, last = [f"`{name}`" for name in found[:MOST]]
    question = f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"
    more = len(found) - MOST
    return f"{question} There are {more} more like it. {all_of_them}" if more > 0 else question
