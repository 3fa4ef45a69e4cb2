"""What `tuning.max_length` did to the examples: how many lost the end of their text, how many were left out.

A model that learned from half texts is measured on half texts, too: its figures look as good as ever, and say little
about the whole ones. So this stands in front where it concerns more than a tenth of the examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PROMINENT_SHARE = 0.1
_TOO_LONG = "too long"


@dataclass(frozen=True)
class Cuts:
    """The examples of one split that did not fit, in words, with the remedy.

    Attributes:
        prominent: whether they are more than a tenth.
        found: how many of how many were cut, and how many left out.
        remedy: what to raise, and to what.
    """

    prominent: bool
    found: str
    remedy: str


def cuts(report: dict[str, Any]) -> list[Cuts]:
    """Return what did not fit among the training and the test examples of a report; a split that all fit has none."""
    tuning, evaluation = report["tuning"], report["evaluation"]
    if tuning is None:
        return []
    counted = [("training", tuning["records"]["train"])]
    if evaluation is not None and evaluation.get("records"):
        counted.append(("test", evaluation["records"]))
    limit, most = tuning["settings"]["max_length"], tuning.get("longest_max_length")
    found = [_cuts(name, census, limit, most) for name, census in counted]
    return [cut for cut in found if cut is not None]


def _cuts(name: str, census: dict[str, Any], limit: int, most: int | None) -> Cuts | None:
    cut, left_out = census["truncated"], census["skipped"].get(_TOO_LONG, 0)
    drawn = census["used"] + left_out
    if not cut + left_out:
        return None
    parts = [f"{cut:,} lost the end of {'its' if cut == 1 else 'their'} text"] if cut else []
    if left_out:
        parts.append(
            f"{left_out:,} would have lost more than half of it and {'was' if left_out == 1 else 'were'} left out"
        )
    found = (
        f"{cut + left_out:,} of {drawn:,} {name} examples {'is' if cut + left_out == 1 else 'are'} longer than "
        f"tuning.max_length, {limit:,} tokens: "
        f"{', '.join(parts)}."
    )
    return Cuts(cut + left_out > PROMINENT_SHARE * drawn, found, _remedy(census, limit, most))


def _remedy(census: dict[str, Any], limit: int, most: int | None) -> str:
    """Say to what the setting would have to be raised, as far as the endpoint serves it."""
    # Reports of earlier versions do not have the lengths.
    enough = {"nine in ten fit": census.get("nine_in_ten", 0), "all fit": census.get("longest", 0)}
    reachable = {what: tokens for what, tokens in enough.items() if limit < tokens <= (most or tokens)}
    where = "Raise tuning.max_length, which takes more time"
    if not reachable and most is None:
        return f"{where}."
    if not reachable:
        return f"{where}, up to {most:,}: more cannot be served. Or shorten the texts: data.filters.max_words."
    return f"{where}: {', '.join(f'with {tokens:,} {what}' for what, tokens in reachable.items())}."
