"""What a type of personal data is looked for by: three parts of rising cost and certainty.

A pattern alone would be either loose or unreadable. So each row of the tables in this package has a hint that most
texts fail, a pattern, and a confirmation in plain code.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

Hint = str | Callable[[str, int], re.Match[str] | None]
"""A literal, or a pattern's search from a place on: what a line must have."""


def always(_: re.Match[str]) -> bool:
    """Confirm whatever has the form."""
    return True


@dataclass(frozen=True, slots=True)
class Detector:
    """A type of personal data: `pattern` proposes, `confirms` decides on the match.

    `hint` is a cheap necessary condition on the text: a literal in it, or a search. Where the pattern has a
    group `value`, only that part is replaced. A pattern that runs often begins with the characters that a match
    begins with and looks behind them only then: so the search skips from one to the next.
    """

    name: str
    hint: Hint
    pattern: re.Pattern[str]
    confirms: Callable[[re.Match[str]], bool] = always

    def redact(self, text: str, found: Counter[str]) -> str:
        """Replace the confirmed matches in a text by the type in brackets, and count them in `found`."""
        return self.pattern.sub(lambda match: self._replaced(match, found), text)

    def _replaced(self, match: re.Match[str], found: Counter[str]) -> str:
        if not self.confirms(match):
            return match[0]
        found[self.name] += 1
        group = value_group(self.pattern)
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return f"{match[0][:start]}[{self.name.upper()}]{match[0][end:]}"


def value_group(pattern: re.Pattern[str]) -> str | int:
    """Return the group of a pattern that is the value itself."""
    return "value" if "value" in pattern.groupindex else 0


def before(match: re.Match[str], characters: int) -> str:
    """Return what stands in front of a value, as far as it may say what the value is."""
    start = match.start(value_group(match.re))
    return match.string[max(0, start - characters) : start]


def is_in_resource_name(match: re.Match[str]) -> bool:
    """Whether a number stands between two colons, as an account's does in an ARN."""
    return match.string[match.start() - 1 : match.start()] == ":" and match.string[match.end() : match.end() + 1] == ":"


has_long_number = re.compile(
    r"[0-9](?:"
    r"(?:\)?[ .-]?[0-9]){6}(?:[ .-]?[0-9][ .-]?[0-9]|-?[0-9]?-?[A-Z])"
    r"|(?<=[A-Z]{2}.)[0-9](?:[ -]?[A-Z0-9]){8}"
    r"|[0-9][A-EHLMPRST][0-9][0-9][A-Z][0-9][0-9][0-9][A-Z]"
    r"|[0-9][0-9][0-9][0-9][0-9][A-FU-Y][0-9][0-9][0-9])"
).search
"""Hint that many rows share: nine digits, seven and a letter, the beginning of an IBAN, the form of a tax code (Italy)
or a personal identity code (Finland).

It is what dates have not, and one search costs less than one a row.
"""
