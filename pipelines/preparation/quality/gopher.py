"""Gopher's rules for the quality of a document: Rae et al. 2021, arXiv 2112.11446, appendix A1, "Quality Filtering".

They were made for English web pages: 50 words at least, and two of eight English stop words. The paper leaves open
what a word and a bullet is; see `view` for the one, `_BULLET` for the other.
"""

import re

from pipelines.preparation.quality.repetition import check_repetition
from pipelines.preparation.quality.verdict import refuse, share
from pipelines.preparation.quality.view import ELLIPSES, TextView
from pipelines.preparation.records import Reason
from pipelines.preparation.thresholds import Thresholds

STOP_WORDS = frozenset(("the", "be", "to", "of", "and", "that", "have", "with"))

_BULLET = re.compile(r"[-–*+·•‣◦▪●○■□]\s")
_LETTER = re.compile(r"[^\W\d_]")
_WORD_EDGES = ".,;:!?\"'()[]“”‘’"


def check_gopher(view: TextView, thresholds: Thresholds) -> None:
    """Raise `Rejected` with the first of Gopher's rules that the text breaks."""
    check_word_count(view, thresholds)
    check_word_length(view, thresholds)
    check_symbols_per_word(view, thresholds)
    check_line_marks(view, thresholds)
    check_alphabetic_words(view, thresholds)
    check_stop_words(view, thresholds)
    check_repetition(view, thresholds)


def check_word_count(view: TextView, thresholds: Thresholds) -> None:
    """Between 50 and 100,000 words."""
    count = len(view.words)
    if count < thresholds.gopher_min_words:
        raise refuse(Reason.GOPHER_WORD_COUNT, f"{count} words", thresholds, "gopher_min_words")
    if count > thresholds.gopher_max_words:
        raise refuse(Reason.GOPHER_WORD_COUNT, f"{count} words", thresholds, "gopher_max_words")


def check_word_length(view: TextView, thresholds: Thresholds) -> None:
    """A mean word length of 3 to 10 characters."""
    mean = share(view.word_characters, len(view.words))
    found = f"words of {mean:.2f} characters on average"
    if mean < thresholds.gopher_min_word_length:
        raise refuse(Reason.GOPHER_WORD_LENGTH, found, thresholds, "gopher_min_word_length")
    if mean > thresholds.gopher_max_word_length:
        raise refuse(Reason.GOPHER_WORD_LENGTH, found, thresholds, "gopher_max_word_length")


def check_symbols_per_word(view: TextView, thresholds: Thresholds) -> None:
    """At most 0.1 hash signs a word, and at most 0.1 ellipses."""
    ellipses = sum(map(view.text.count, ELLIPSES))
    for name, count in (("hash signs", view.text.count("#")), ("ellipses", ellipses)):
        ratio = share(count, len(view.words))
        if ratio > thresholds.gopher_max_symbols_per_word:
            found = f"{ratio:.3f} {name} a word"
            raise refuse(Reason.GOPHER_SYMBOLS, found, thresholds, "gopher_max_symbols_per_word")


def check_line_marks(view: TextView, thresholds: Thresholds) -> None:
    """At most 90 % of lines that start with a bullet, and at most 30 % that end with an ellipsis."""
    bullets = share(sum(map(bool, map(_BULLET.match, view.lines))), len(view.lines))
    if bullets > thresholds.gopher_max_bullet_lines:
        found = f"{bullets:.3f} of the lines start with a bullet"
        raise refuse(Reason.GOPHER_BULLETS, found, thresholds, "gopher_max_bullet_lines")
    ends = share(sum(line.endswith(ELLIPSES) for line in view.lines), len(view.lines))
    if ends > thresholds.gopher_max_ellipsis_lines:
        found = f"{ends:.3f} of the lines end with an ellipsis"
        raise refuse(Reason.GOPHER_ELLIPSES, found, thresholds, "gopher_max_ellipsis_lines")


def check_alphabetic_words(view: TextView, thresholds: Thresholds) -> None:
    """At least 80 % of the words have a letter."""
    bound = thresholds.gopher_min_alphabetic_words * len(view.words)
    if sum(map(str.isalpha, view.words)) >= bound:  # words of letters alone are enough: the usual case, and fast
        return
    ratio = share(sum(map(bool, map(_LETTER.search, view.words))), len(view.words))
    if ratio < thresholds.gopher_min_alphabetic_words:
        found = f"{ratio:.3f} of the words have a letter"
        raise refuse(Reason.GOPHER_ALPHABETIC, found, thresholds, "gopher_min_alphabetic_words")


def check_stop_words(view: TextView, thresholds: Thresholds) -> None:
    """At least two of the words the, be, to, of, and, that, have, with, whatever their case."""
    count = len(STOP_WORDS.intersection(view.words))
    if count < thresholds.gopher_min_stop_words:
        count = len(STOP_WORDS & {word.lower().strip(_WORD_EDGES) for word in view.words})
    if count < thresholds.gopher_min_stop_words:
        found = f"{count} different stop words of {', '.join(sorted(STOP_WORDS))}"
        raise refuse(Reason.GOPHER_STOP_WORDS, found, thresholds, "gopher_min_stop_words")
