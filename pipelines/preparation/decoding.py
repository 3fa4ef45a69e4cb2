"""Bytes to text: UTF-8, and nothing that only looks like it."""

from pipelines.preparation.records import Reason, Rejected

_MOST_ZEROS = 8
"""Text of which more than one byte in so many is zero is no UTF-8: ASCII has half of them in UTF-16."""


def decode(content: bytes) -> str:
    """Return the text without its byte order mark; raises `Rejected` for what is no UTF-8, or blank."""
    if content.count(0) * _MOST_ZEROS > len(content):
        raise Rejected(Reason.INVALID_UTF8, "most likely UTF-16 or UTF-32; save the file as UTF-8")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Rejected(Reason.INVALID_UTF8, f"{error.reason} at byte {error.start}") from error
    if not text.strip():
        raise Rejected(Reason.EMPTY, "the line is blank")
    return text
