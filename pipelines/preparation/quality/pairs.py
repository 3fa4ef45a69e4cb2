"""Rules for a text and its target together: lengths, symbols, copied and unfinished targets."""

import re
from functools import lru_cache

from pipelines.preparation.records import Example, Reason, Rejected
from pipelines.preparation.settings import Filters
from pipelines.preparation.words import count_words, fold, folded_words, is_mark, respell

_ELLIPSES = ("...", "…")
_OPEN_END = re.compile(r"[,;:(\[{\u2013\u2014]$|(?<=\w)-$")
_LAST_WORD = re.compile(r"(?<![\w'-])[a-z]+$")
# Words that cannot be the last of a sentence. Not among them: prepositions and forms of `be`, which can ("what it is
# used for"), and anything with a capital letter ("vitamin A", "joined by OR").
_UNFINISHED = frozenset(
    (
        *("a", "although", "an", "and", "because", "but", "every", "if", "its", "my", "nor", "of", "or", "our", "than"),
        *("the", "their", "unless", "whether", "whose", "your"),
    )
)
_NO_SYMBOLS = bytes(code for code in range(256) if code > 127 or re.match(r"[\w\s]", chr(code)))


def check_pair(example: Example, filters: Filters, *, summary: bool) -> None:
    """Raise `Rejected` with the first rule that the pair breaks; `summary` adds the rule for summaries."""
    check_length(example, filters)
    check_symbols(example, filters)
    if summary and example.target:
        check_target_is_not_copied(example)
    if filters.complete_targets:
        check_target_is_complete(example)


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
    words = folded_words(example.target)
    # Only ASCII is left to make small: the folded letters of Cherokee are capital ones.
    text = fold(example.text).encode().lower().decode()
    if not all(word in text for word in words):  # most targets have a word of their own, which is found at once
        return
    if f" {' '.join(words)} " in f" {' '.join(folded_words(text))} ":
        raise Rejected(Reason.TARGET_COPIED_FROM_TEXT, "the target stands word for word in the text")


def check_target_is_complete(example: Example) -> None:
    """A target that breaks off would teach the model to break off."""
    if found := broken_end(example.target):
        raise Rejected(Reason.TARGET_TRUNCATED, f"the target breaks off: it ends in {found}")


def broken_end(text: str) -> str | None:
    """Return what a text ends in that no sentence and no title ends in; None where it may well be whole.

    Most titles and many answers end without punctuation, so that alone says nothing.
    """
    if text.endswith(_ELLIPSES):
        return "an ellipsis"
    if match := _OPEN_END.search(text):
        return f"'{match[0]}'"
    last = _LAST_WORD.search(text)
    return f"the word '{last[0]}'" if last and last[0] in _UNFINISHED else None


def symbol_ratio(text: str) -> float:
    """Share of the visible characters that are neither letter, digit nor underscore; 0 for an empty text."""
    text = respell(text, _symbol)
    visible = sum(map(len, text.split()))
    return len(text.encode().translate(None, _NO_SYMBOLS)) / visible if visible else 0.0


@lru_cache(4096)
def _symbol(character: str) -> str:
    """Spell each symbol as one of ASCII's, and leave marks out."""
    if is_mark(character):
        return ""
    return character if character.isalnum() else " " if character.isspace() else "#"
