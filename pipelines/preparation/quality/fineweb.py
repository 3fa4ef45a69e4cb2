"""FineWeb's own rules: Penedo et al. 2024, "The FineWeb Datasets", arXiv 2406.17557, section 3.6.

They are bounds found on web pages, where they are reached, not where they are passed. Two figures need a word. The
paper's text gives 0.1 for characters in duplicated lines, its appendix (E.4, table 2) and the code that made the data
set (datatrove, `fineweb_quality_filter.py`) give 0.01: the default is what was run. Line breaks by word are in that
code alone.
"""

from pipelines.preparation.quality.verdict import refuse, share
from pipelines.preparation.quality.view import TERMINAL_PUNCTUATION, TextView, duplicates
from pipelines.preparation.records import Reason
from pipelines.preparation.thresholds import Thresholds


def check_fineweb(view: TextView, thresholds: Thresholds) -> None:
    """Raise `Rejected` with the first of FineWeb's rules that the text breaks."""
    check_punctuated_lines(view, thresholds)
    check_short_lines(view, thresholds)
    check_duplicate_lines(view, thresholds)
    check_line_breaks(view, thresholds)


def check_punctuated_lines(view: TextView, thresholds: Thresholds) -> None:
    """More than 12 % of the lines end in punctuation."""
    ratio = share(sum(line.endswith(TERMINAL_PUNCTUATION) for line in view.lines), len(view.lines))
    if ratio <= thresholds.fineweb_punctuated_lines:
        found = f"{ratio:.3f} of the lines end in punctuation"
        raise refuse(Reason.FINEWEB_PUNCTUATION, found, thresholds, "fineweb_punctuated_lines")


def check_short_lines(view: TextView, thresholds: Thresholds) -> None:
    """Less than 67 % of the lines have at most 30 characters."""
    longest = thresholds.fineweb_short_line_length
    ratio = share(sum(length <= longest for length in map(len, view.lines)), len(view.lines))
    if ratio >= thresholds.fineweb_short_lines:
        found = f"{ratio:.3f} of the lines have at most {longest} characters"
        raise refuse(Reason.FINEWEB_SHORT_LINES, found, thresholds, "fineweb_short_lines")


def check_duplicate_lines(view: TextView, thresholds: Thresholds) -> None:
    """Less than 1 % of the characters are in lines that stand further up already."""
    ratio = share(duplicates(view.lines)[1], view.line_characters)
    if ratio >= thresholds.fineweb_duplicate_line_characters:
        found = f"{ratio:.3f} of the characters are in lines that stand further up already"
        raise refuse(Reason.FINEWEB_DUPLICATE_LINES, found, thresholds, "fineweb_duplicate_line_characters")


def check_line_breaks(view: TextView, thresholds: Thresholds) -> None:
    """At most 0.3 line breaks a word."""
    ratio = share(max(0, len(view.lines) - 1), len(view.words))
    if ratio > thresholds.fineweb_max_line_breaks_per_word:
        found = f"{ratio:.3f} line breaks a word"
        raise refuse(Reason.FINEWEB_LINE_BREAKS, found, thresholds, "fineweb_max_line_breaks_per_word")
