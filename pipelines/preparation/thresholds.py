"""Which published rules judge a text, and where they draw the line.

The defaults are the published values; `docs/data_preparation.md` names the source of each. Bounds are the last values
that pass unless the name's own description says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of the rules, under the names that settings and quarantine use."""

    gopher_min_words: float = 50
    gopher_max_words: float = 100_000
    gopher_min_word_length: float = 3
    gopher_max_word_length: float = 10
    gopher_max_symbols_per_word: float = 0.1
    gopher_max_bullet_lines: float = 0.9
    gopher_max_ellipsis_lines: float = 0.3
    gopher_min_alphabetic_words: float = 0.8
    gopher_min_stop_words: float = 2
    gopher_max_duplicate_lines: float = 0.30
    gopher_max_duplicate_paragraphs: float = 0.30
    gopher_max_duplicate_line_characters: float = 0.20
    gopher_max_duplicate_paragraph_characters: float = 0.20
    gopher_max_top_2_gram: float = 0.20
    gopher_max_top_3_gram: float = 0.18
    gopher_max_top_4_gram: float = 0.16
    gopher_max_duplicate_5_grams: float = 0.15
    gopher_max_duplicate_6_grams: float = 0.14
    gopher_max_duplicate_7_grams: float = 0.13
    gopher_max_duplicate_8_grams: float = 0.12
    gopher_max_duplicate_9_grams: float = 0.11
    gopher_max_duplicate_10_grams: float = 0.10
    c4_min_sentences: float = 3
    c4_min_words_per_line: float = 5
    c4_max_word_length: float = 1000
    fineweb_punctuated_lines: float = 0.12
    """A text with this share of lines that end in punctuation, or with less, is refused."""
    fineweb_duplicate_line_characters: float = 0.01
    """A text with this share of its characters in lines that were there before, or with more, is refused."""
    fineweb_short_lines: float = 0.67
    """A text with this share of short lines, or with more, is refused."""
    fineweb_short_line_length: float = 30
    """A line of so many characters, or of fewer, is short."""
    fineweb_max_line_breaks_per_word: float = 0.3


@dataclass(frozen=True, slots=True)
class Quality:
    """The families of rules that judge a text; all are off by default, because they are made for whole web pages."""

    gopher: bool = False
    c4: bool = False
    fineweb: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """Read `data.quality`, whose thresholds are only those that differ from the published ones.

        Raises ValueError that names a threshold which is not known, KeyError for a family that is not there.
        """
        thresholds = values["thresholds"]
        known = {field.name for field in fields(Thresholds)}
        if unknown := sorted(set(thresholds) - known):
            raise ValueError(
                f"data.quality.thresholds has names that this job does not know: {', '.join(unknown)}. "
                f"It knows {', '.join(sorted(known))}; deploy the job and its settings together."
            )
        return cls(values["gopher"], values["c4"], values["fineweb"], Thresholds(**thresholds))
