"""A text seen as words, lines and paragraphs: each is computed once, when the first rule asks for it.

The published rules are for languages that write spaces between words, and a word is here what white space
separates. Blank lines, and white space around lines, count for nothing in any rule.
"""

from functools import cached_property
from itertools import accumulate

TERMINAL_PUNCTUATION = (".", "!", "?", '"', "'", "”", "’", "»", "。", "।", "؟")
ELLIPSES = ("...", "…")


class TextView:
    """One text under judgement."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def words(self) -> list[str]:
        """What white space separates."""
        return self.text.split()

    @cached_property
    def word_characters(self) -> int:
        """Number of characters of all words."""
        return sum(map(len, self.words))

    @cached_property
    def word_starts(self) -> list[int]:
        """Number of word characters before each word, and before the end."""
        return list(accumulate(map(len, self.words), initial=0))

    @cached_property
    def lines(self) -> list[str]:
        """Lines that are not blank, without the white space around them."""
        return [line for line in map(str.strip, self.text.split("\n")) if line]

    @cached_property
    def line_characters(self) -> int:
        """Number of characters of all lines."""
        return sum(map(len, self.lines))

    @cached_property
    def paragraphs(self) -> list[str]:
        """Runs of lines between blank ones, each stripped as its lines are."""
        joined = "\n".join(map(str.strip, self.text.split("\n")))
        return [paragraph for paragraph in (part.strip("\n") for part in joined.split("\n\n")) if paragraph]


def duplicates(parts: list[str]) -> tuple[int, int]:
    """Return how many parts stand further up already, and how many characters these have."""
    different = dict.fromkeys(parts)
    if len(different) == len(parts):
        return 0, 0
    return len(parts) - len(different), sum(map(len, parts)) - sum(map(len, different))
