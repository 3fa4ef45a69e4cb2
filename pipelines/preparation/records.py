"""The types of a record on its way from a raw line to a curated example or to quarantine."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple


class Reason(StrEnum):
    """Why a record lies in quarantine; the value names the quarantine folder."""

    EMPTY = "empty"
    OVERSIZED = "oversized"
    INVALID_UTF8 = "invalid_utf8"
    NOT_JSON = "not_json"
    MALFORMED_ROW = "malformed_row"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    MISSING_COLUMN = "missing_column"
    WRONG_TYPE = "wrong_type"
    INVALID_CONVERSATION = "invalid_conversation"
    DIFFERENT_PROMPTS = "different_prompts"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TARGET_TOO_SHORT = "target_too_short"
    TARGET_TOO_LONG = "target_too_long"
    MOSTLY_SYMBOLS = "mostly_symbols"
    TARGET_COPIED_FROM_TEXT = "target_copied_from_text"
    TARGET_TRUNCATED = "target_truncated"
    SAME_ANSWERS = "same_answers"
    TOO_MANY_TOKENS = "too_many_tokens"
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
    CONTAMINATED = "contaminated"
    DUPLICATE = "duplicate"
    CONFLICTING_TARGET = "conflicting_target"
    NEAR_DUPLICATE = "near_duplicate"


class Rejected(Exception):
    """A stage's verdict that a record goes to quarantine; `detail` never repeats personal data."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Line(NamedTuple):
    """One record of a raw object.

    Attributes:
        key: key of the object.
        number: of its line, counted from 1; of its first line where it has several; in Parquet, of its row.
        content: the record as it stands in the object, or only its beginning where it is longer than the limit.
        size: its length in bytes without the line end.
        fields: its columns, where reading it has told them apart; None where parsing has to.
        problem: why it cannot be read.
        repeated: columns that are there more than once.
    """

    key: str
    number: int
    content: bytes
    size: int
    fields: dict[str, Any] | None = None
    problem: Rejected | None = None
    repeated: frozenset[str] = frozenset()


class Turn(NamedTuple):
    """What one side of a conversation says."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


class Example(NamedTuple):
    """What the model is given, and what it should answer. Spark's pickler takes three times as long over a dataclass.

    Attributes:
        text: the text that the model reads; of a conversation, all turns but the last.
        target: the text that it should write; empty where the data set has none.
        turns: the conversation, where the record is one; it ends with the target.
        rejected: of a preference pair, the answer that is worse than the target.
    """

    text: str
    target: str = ""
    turns: tuple[Turn, ...] = ()
    rejected: str = ""

    @classmethod
    def of(cls, turns: tuple[Turn, ...]) -> "Example":
        """Make an example of a conversation whose last turn is the assistant's."""
        return cls("\n\n".join(turn.content for turn in turns[:-1]), turns[-1].content, turns)

    def map(self, change: Callable[[str], str]) -> "Example":
        """Return the example with each of its texts changed."""
        if self.turns:
            example = Example.of(tuple(Turn(turn.role, change(turn.content)) for turn in self.turns))
        else:
            example = Example(change(self.text), change(self.target) if self.target else "")
        return example._replace(rejected=change(self.rejected)) if self.rejected else example


NEW, SETTLED, HELD_OUT = "2", "1", "0"
"""Where a record comes from: the data set, the run that this one adds to, or the user's own test set. Of equal texts,
the one that sorts first stays, and of the same origin what an earlier run has kept."""


class Candidate(NamedTuple):
    """A record that passed every stage that looks at one record alone; only duplicates can still go."""

    digest: str
    """Names the record in every later step: 128 bits of the SHA-256 of its cleaned text, in hex. Equal texts are
    duplicates, whatever their targets."""
    split: str
    example: Example
    redacted: dict[str, int]
    line: Line
    origin: str = NEW
    cluster: str | None = None
    """The record that stands for its near-duplicates, where an earlier run has found some."""
    language: str | None = None
    """ISO 639 code, where languages were told apart."""
    tagged: dict[str, int] = {}  # noqa: RUF012  (never changed; a field of a tuple)
    """What was found and left where it is, by type."""
    carried_over: bool = False
    """Whether an earlier run has kept it."""

    @property
    def record_id(self) -> str:
        """The name of the record in what is written."""
        return self.digest


class Quarantined(NamedTuple):
    """A rejected record with the quarantine line that explains it."""

    reason: str
    quarantine: str
    line_key: str
    line_number: int
