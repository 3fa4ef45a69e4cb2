"""Quality filters: one small rule each, with a reason and the figures for every refusal."""

import re

from pipelines.preparation.records import Example, Reason, Rejected
from pipelines.preparation.settings import Filters
from pipelines.preparation.words import WORD, count_words, without_marks

_SYMBOL = re.compile(r"[^\w\s]")


def check_quality(example: Example, filters: Filters, *, summary: bool) -> None:
    """Raise `Rejected` with the first rule that the example breaks; `summary` adds the rule for summaries."""
    check_length(example, filters)
    check_symbols(example, filters)
    if summary and example.target:
        check_target_is_not_copied(example)


def check_length(example: Example, filters: Filters) -> None:
    """Texts and targets have between their minimum and maximum of words."""
    words, target_words = count_words(example.text), count_words(example.target)
    for count, minimum, maximum, too_short, too_long, key in (
        (words, filters.min_words, filters.max_words, Reason.TOO_SHORT, Reason.TOO_LONG, "words"),
        (
            target_words,
            filters.min_target_words,
            filters.max_target_words,
            Reason.TARGET_TOO_SHORT,
            Reason.TARGET_TOO_LONG,
            "target_words",
        ),
    ):
        if key == "target_words" and not example.target:
            continue
        if count < minimum:
            raise Rejected(too_short, f"{count} words; data.filters.min_{key} is {minimum}")
        if count > maximum:
            raise Rejected(too_long, f"{count} words; data.filters.max_{key} is {maximum}")


def check_symbols(example: Example, filters: Filters) -> None:
    """Neither text nor target consists mostly of punctuation, box drawing and the like."""
    for name, text in (("text", example.text), ("target", example.target)):
        ratio = symbol_ratio(text)
        if ratio > filters.max_symbol_ratio:
            detail = (
                f"{ratio:.2f} of the {name} are symbols; data.filters.max_symbol_ratio is {filters.max_symbol_ratio}"
            )
            raise Rejected(Reason.MOSTLY_SYMBOLS, detail)


def check_target_is_not_copied(example: Example) -> None:
    """A summary that stands word for word in its text would teach the model to copy."""
    if _words_only(example.target) in _words_only(example.text):
        raise Rejected(Reason.TARGET_COPIED_FROM_TEXT, "the target stands word for word in the text")


def symbol_ratio(text: str) -> float:
    """Share of the visible characters that are neither letter, digit nor underscore; 0 for an empty text."""
    text = without_marks(text)
    visible = sum(map(len, text.split()))
    return len(_SYMBOL.findall(text)) / visible if visible else 0.0


def _words_only(text: str) -> str:
    return f" {' '.join(WORD.findall(without_marks(text.casefold())))} "
