"""Texts made for one rule: different words of one length, so that shares of characters are shares of words."""

from collections.abc import Mapping
from itertools import islice, product

from pipelines.preparation.quality import check_text
from pipelines.preparation.records import Reason, Rejected
from pipelines.preparation.thresholds import Quality

Verdict = tuple[Reason, str] | None


def verdict(family: str, text: str, thresholds: Mapping[str, float] | None = None) -> Verdict:
    """Reason and detail with which a family refuses a text; None where it passes."""
    settings = {"gopher": False, "c4": False, "fineweb": False, family: True, "thresholds": thresholds or {}}
    try:
        check_text(text, Quality.from_settings(settings))
    except Rejected as rejected:
        return rejected.reason, rejected.detail
    return None


def words(count: int, length: int = 5) -> list[str]:
    """So many different words of one length, none of them a stop word."""
    letters = product("bcdfghjklm", "nopqrstvwxyz", "aeiou", "bcdf")
    return ["".join(four).ljust(length, "z") for four in islice(letters, count)]


def text_of(count: int) -> str:
    """One line of so many words, `the` and `of` among them."""
    return " ".join(["the", "of", *words(count - 2)])


def lines(count: int) -> list[str]:
    """Lines of ten different words, each ending as a sentence does."""
    plain = iter(["the", "of", *words(count * 10)])
    return [" ".join(islice(plain, 10)) + "." for _ in range(count)]


def marked(mark: str, how_many: int) -> str:
    """A hundred words, so many in the middle with a mark behind them."""
    return " ".join(word + mark * (20 <= place < 20 + how_many) for place, word in enumerate(text_of(100).split()))


def repeating(phrase: int, times: int, total: int) -> str:
    """`total` words of five letters; a phrase of so many stands among the others so many times."""
    plain = iter(words(total))
    said = list(islice(plain, phrase))
    spoken = [word for _ in range(times) for word in (*said, next(plain))]
    return " ".join([*spoken, *islice(plain, total - len(spoken))])
