"""The types of a record on its way from a raw line to a curated example or to quarantine."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a record lies in quarantine; the value names the quarantine folder."""

    EMPTY = "empty"
    OVERSIZED = "oversized"
    INVALID_UTF8 = "invalid_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    MISSING_COLUMN = "missing_column"
    WRONG_TYPE = "wrong_type"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TARGET_TOO_SHORT = "target_too_short"
    TARGET_TOO_LONG = "target_too_long"
    MOSTLY_SYMBOLS = "mostly_symbols"
    TARGET_COPIED_FROM_TEXT = "target_copied_from_text"
    TARGET_TRUNCATED = "target_truncated"
    GOPHER_WORD_COUNT = "gopher_word_count"
    GOPHER_WORD_LENGTH = "gopher_word_length"
    GOPHER_SYMBOLS = "gopher_symbols"
    GOPHER_BULLETS = "gopher_bullets"
    GOPHER_ELLIPSES = "gopher_ellipses"
    GOPHER_ALPHABETIC = "gopher_alphabetic"
    GOPHER_STOP_WORDS = "gopher_stop_words"
    GOPHER_DUPLICATE_LINES = "gopher_duplicate_lines"
    GOPHER_DUPLICATE_PARAGRAPHS = "gopher_duplicate_paragraphs"
    GOPHER_TOP_N_GRAM = "gopher_top_n_gram"
    GOPHER_DUPLICATE_N_GRAMS = "gopher_duplicate_n_grams"
    C4_LOREM_IPSUM = "c4_lorem_ipsum"
    C4_CURLY_BRACKET = "c4_curly_bracket"
    C4_FEW_SENTENCES = "c4_few_sentences"
    FINEWEB_PUNCTUATION = "fineweb_punctuation"
    FINEWEB_SHORT_LINES = "fineweb_short_lines"
    FINEWEB_DUPLICATE_LINES = "fineweb_duplicate_lines"
    FINEWEB_LINE_BREAKS = "fineweb_line_breaks"
    OTHER_LANGUAGE = "other_language"
    HARMFUL = "harmful"
    PERSONAL_DATA = "personal_data"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"


class Rejected(Exception):
    """A stage's verdict that a record goes to quarantine; `detail` never repeats personal data."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Line(NamedTuple):
    """One line of a raw object: `number` counts from 1, `size` is its length in bytes without the line end.

    `content` is the whole line, or only its beginning where the line is longer than the reader's limit.
    """

    key: str
    number: int
    content: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Example:
    """The two columns the task needs: what the model is given, and what it should answer."""

    text: str
    target: str


class Candidate(NamedTuple):
    """A record that passed every stage that looks at one record alone; only duplicates can still go."""

    digest: str
    """SHA-256 of the cleaned text, in hex: equal texts are duplicates, whatever their targets."""
    split: str
    example: Example
    redacted: dict[str, int]
    line: Line

    @property
    def record_id(self) -> str:
        """16 hex digits that name the record in every later step."""
        return self.digest[:16]


class Quarantined(NamedTuple):
    """A rejected record with the quarantine line that explains it."""

    reason: str
    quarantine: str
    line_key: str
    line_number: int
