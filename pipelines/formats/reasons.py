"""Why a service would refuse a line or a set of lines, each reason with what to do about it.

A reason is a refusal or a warning. It warns where no documentation settles the matter: the estimate of tokens lets a
text pass that may have more, or a validator that AWS publishes asks for more than the page that names it.
"""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """What is wrong; the value is shown, and counted in the manifest."""

    NOT_UTF8 = "not_utf8"
    BYTE_ORDER_MARK = "byte_order_mark"
    BLANK_LINE = "blank_line"
    OVERSIZED_LINE = "oversized_line"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    UNPAIRED_SURROGATE = "unpaired_surrogate"
    MISSING_KEY = "missing_key"
    FORBIDDEN_KEY = "forbidden_key"
    UNKNOWN_KEY = "unknown_key"
    WRONG_TYPE = "wrong_type"
    EMPTY_TEXT = "empty_text"
    NOT_TEXT = "not_text"
    UNKNOWN_ROLE = "unknown_role"
    ROLE_ORDER = "role_order"
    SCHEMA_VERSION = "schema_version"
    RESERVED_WORD = "reserved_word"
    MAYBE_RESERVED_WORD = "maybe_reserved_word"
    TOO_LONG = "too_long"
    MAYBE_TOO_LONG = "maybe_too_long"
    NO_RECORDS = "no_records"
    TOO_FEW_RECORDS = "too_few_records"
    MAYBE_TOO_FEW = "maybe_too_few"
    TOO_MANY_RECORDS = "too_many_records"
    WRONG_FORMAT = "wrong_format"
    VALIDATION_UNUSED = "validation_unused"
    FILE_NAME = "file_name"
    COMPRESSED = "compressed"

    @property
    def warns(self) -> bool:
        """Whether the service may take the data all the same."""
        return self in _WARNINGS

    @property
    def of_the_file(self) -> bool:
        """Whether one mistake of whoever saved the file is found on many of its lines."""
        return self is Reason.NOT_UTF8

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return _REMEDIES[self]


class Problem(NamedTuple):
    """What is wrong with one line; `detail` says where in it, with the figures."""

    reason: Reason
    detail: str


_WARNINGS = {
    Reason.UNKNOWN_KEY,
    Reason.SCHEMA_VERSION,
    Reason.MAYBE_RESERVED_WORD,
    Reason.MAYBE_TOO_LONG,
    Reason.MAYBE_TOO_FEW,
    Reason.VALIDATION_UNUSED,
    Reason.COMPRESSED,
}

_REMEDIES = {
    Reason.NOT_UTF8: "Save the file as UTF-8; one in Latin-1 is so after `iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW`.",
    Reason.BYTE_ORDER_MARK: "Save the file as UTF-8 without a byte order mark.",
    Reason.BLANK_LINE: "Delete the line: every line is a record.",
    Reason.OVERSIZED_LINE: "Divide the record; perhaps the file has no line ends.",
    Reason.NOT_JSON: "Write each record as one JSON object on one line, with a JSON library.",
    Reason.NOT_AN_OBJECT: "Write one object a line, in braces, and no list around them.",
    Reason.DUPLICATE_KEY: "Keep the value that is meant, and delete the other.",
    Reason.UNPAIRED_SURROGATE: "Delete the half character, a \\ud800 to \\udfff that stands alone.",
    Reason.MISSING_KEY: "Add it; docs/check_data.md shows a line of each format.",
    Reason.FORBIDDEN_KEY: "Delete it: the documentation allows no other keys.",
    Reason.UNKNOWN_KEY: "Delete it, unless you know that the service overlooks it.",
    Reason.WRONG_TYPE: "Write the value as docs/check_data.md shows it.",
    Reason.EMPTY_TEXT: "Delete the record, or give it the text that is missing.",
    Reason.NOT_TEXT: "Take out what is no text; data with images or videos is for AWS's own validator to check.",
    Reason.UNKNOWN_ROLE: 'Name the role "user" or "assistant"; a system prompt has a place of its own.',
    Reason.ROLE_ORDER: "Let the user begin, the two take turns, and the assistant end.",
    Reason.SCHEMA_VERSION: 'Write "schemaVersion": "bedrock-conversation-2024".',
    Reason.RESERVED_WORD: "Put another word in its place: the job fails over it.",
    Reason.MAYBE_RESERVED_WORD: "Put another word in its place: AWS's own validator refuses it.",
    Reason.TOO_LONG: "Shorten or divide the record, or choose a model that takes more tokens.",
    Reason.MAYBE_TOO_LONG: "Count the tokens of these records, or shorten them.",
    Reason.NO_RECORDS: "See whether this is the right file.",
    Reason.TOO_FEW_RECORDS: "Add records, or choose a model that asks for fewer.",
    Reason.MAYBE_TOO_FEW: "Add records, or mend what is refused instead of deleting it.",
    Reason.TOO_MANY_RECORDS: "Leave records out, or ask for a larger quota where it is adjustable.",
    Reason.WRONG_FORMAT: "Write the format that the model takes, or choose another model.",
    Reason.VALIDATION_UNUSED: "Leave the validation file out.",
    Reason.FILE_NAME: "Rename the file: letters, digits, underscores, hyphens and dots.",
    Reason.COMPRESSED: "Unpack the file before you submit it: the services document .jsonl alone.",
}
