"""Names that are near to one that is not known: those that have it in them, or else look like it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

MOST = 6
"""As many are offered at most."""


def near(word: str, names: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys that a word may have meant, whatever its case, its hyphens and its dots.

    Args:
        word: what was given.
        names: by its key, everything else that a thing is called.
    """
    called = {key: (key, *others) for key, others in names.items()}
    for form in (str.casefold, _bare):
        wanted = form(word)
        holding = [key for key, all_names in called.items() if any(wanted in form(name) for name in all_names)]
        if wanted and holding:
            return holding
    keys = {key.casefold(): key for key in called}
    return [keys[found] for found in get_close_matches(word.casefold(), list(keys))]


def _bare(name: str) -> str:
    """The letters and digits of a name: `Llama 3.1` is `llama-3-1`."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def did_you_mean(found: Sequence[str], all_of_them: str) -> str:
    """Offer what was found near; where that is nothing, or more than is told, say where all of them are."""
    if not found:
        return all_of_them
    *others, last = [f"`{name}`" for name in found[:MOST]]
    question = f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"
    more = len(found) - MOST
    return f"{question} There are {more} more like it. {all_of_them}" if more > 0 else question


def not_known(option: str, word: str, known: Iterable[str]) -> str:
    """Say that an option does not know a word, which was near to one that it knows, and what it knows."""
    words = list(dict.fromkeys(known))
    meant = near(word, dict.fromkeys(words, ()))
    question = f" {did_you_mean(meant, '')}" if len(meant) < len(words) else ""
    return f"{option} {word} is not known.{question.rstrip()} It takes {', '.join(words)}."
