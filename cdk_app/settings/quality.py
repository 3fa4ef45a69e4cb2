"""Section `data.quality`: published rules for the quality of a text, and the numbers that may be tuned.

The defaults of the thresholds are the published values. Only what differs from them is handed to a run, so that its
settings stay within what an SSM parameter holds.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from cdk_app.settings.section import Section

WordCount = Annotated[int, Field(ge=0, le=10_000_000)]
Length = Annotated[int, Field(ge=0, le=100_000)]
Portion = Annotated[float, Field(ge=0, le=1)]
Ratio = Annotated[float, Field(ge=0, le=100)]


class Thresholds(Section):
    """Where the published rules draw the line; what is not given stays as published."""

    gopher_min_words: WordCount = 50
    """Fewest words of a text."""

    gopher_max_words: WordCount = 100_000
    """Most words of a text."""

    gopher_min_word_length: Ratio = 3
    """Least mean length of the words, in characters."""

    gopher_max_word_length: Ratio = 10
    """Greatest mean length of the words, in characters."""

    gopher_max_symbols_per_word: Ratio = 0.1
    """Most hash signs by word, and most ellipses."""

    gopher_max_bullet_lines: Portion = 0.9
    """Largest share of lines that start with a bullet."""

    gopher_max_ellipsis_lines: Portion = 0.3
    """Largest share of lines that end with an ellipsis."""

    gopher_min_alphabetic_words: Portion = 0.8
    """Smallest share of words with a letter."""

    gopher_min_stop_words: Annotated[int, Field(ge=0, le=8)] = 2
    """Fewest different words of the, be, to, of, and, that, have, with."""

    gopher_max_duplicate_lines: Portion = 0.3
    """Largest share of lines that stand further up already."""

    gopher_max_duplicate_paragraphs: Portion = 0.3
    """Largest share of paragraphs that stand further up already."""

    gopher_max_duplicate_line_characters: Portion = 0.2
    """Largest share of characters in such lines."""

    gopher_max_duplicate_paragraph_characters: Portion = 0.2
    """Largest share of characters in such paragraphs."""

    gopher_max_top_2_gram: Portion = 0.2
    """Largest share of characters in the commonest pair of words."""

    gopher_max_top_3_gram: Portion = 0.18
    """Largest share of characters in the commonest three words in a row."""

    gopher_max_top_4_gram: Portion = 0.16
    """Largest share of characters in the commonest four words in a row."""

    gopher_max_duplicate_5_grams: Portion = 0.15
    """Largest share of characters in five words in a row that stand further up already."""

    gopher_max_duplicate_6_grams: Portion = 0.14
    """The same for six words."""

    gopher_max_duplicate_7_grams: Portion = 0.13
    """The same for seven words."""

    gopher_max_duplicate_8_grams: Portion = 0.12
    """The same for eight words."""

    gopher_max_duplicate_9_grams: Portion = 0.11
    """The same for nine words."""

    gopher_max_duplicate_10_grams: Portion = 0.1
    """The same for ten words."""

    c4_min_sentences: WordCount = 3
    """Fewest sentences in the lines that C4 would keep."""

    c4_min_words_per_line: WordCount = 5
    """Fewest words of a line that C4 would keep."""

    c4_max_word_length: Length = 1000
    """Characters of the longest word of a line that C4 would keep."""

    fineweb_punctuated_lines: Portion = 0.12
    """A text with this share of lines that end in punctuation, or with less, is quarantined."""

    fineweb_short_lines: Portion = 0.67
    """A text with this share of short lines, or with more, is quarantined."""

    fineweb_short_line_length: Length = 30
    """Characters of the longest line that is called short."""

    fineweb_duplicate_line_characters: Portion = 0.01
    """A text with this share of its characters in lines that stand further up already, or with more, is quarantined."""

    fineweb_max_line_breaks_per_word: Ratio = 0.3
    """Most line breaks by word."""

    @model_serializer(mode="wrap")
    def _only_what_differs(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        return {name: value for name, value in whole(self).items() if value != defaults[name]}


class Quality(Section):
    """Families of published rules for the quality of a text; the target is not looked at. They were made for English
    web pages, and most short texts break them: see docs/data_preparation.md before switching one on."""

    gopher: bool = False
    """Gopher's rules for quality and against repetition: 50 words at least; reasons `gopher_…`."""

    c4: bool = False
    """C4's rules: three full sentences at least, and no curly bracket; reasons `c4_…`."""

    fineweb: bool = False
    """FineWeb's own rules, on lines; reasons `fineweb_…`."""

    thresholds: Thresholds = Thresholds()
    """Where the rules draw the line."""
