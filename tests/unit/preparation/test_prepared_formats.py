"""The lines the job writes."""

import base64
import json
from typing import Any

from pipelines.formats.chat import chat_line
from pipelines.preparation.formats import quarantine_line, record_of
from pipelines.preparation.reading.lines import EXCERPT_BYTES
from pipelines.preparation.records import Candidate, Example, Line


def quarantined(content: bytes, size: int | None = None) -> dict[str, Any]:
    line = Line("d/a.jsonl", 3, content, len(content) if size is None else size)
    record: dict[str, Any] = json.loads(quarantine_line("not_json", "why", line))
    return record


def test_a_quarantine_record_says_why_where_and_what() -> None:
    assert quarantined("na\u00efve".encode()) == {
        "reason": "not_json",
        "detail": "why",
        "source": {"key": "d/a.jsonl", "line": 3},
        "bytes": 6,
        "raw": "na\u00efve",
    }


def test_undecodable_bytes_are_kept_in_base64() -> None:
    record = quarantined(b"\xff\xfe" * 100_000)
    assert record["raw_encoding"] == "base64"
    assert base64.b64decode(record["raw"]) == (b"\xff\xfe" * 100_000)[: EXCERPT_BYTES * 3 // 4]
    assert len(record["raw"]) <= EXCERPT_BYTES


def test_an_excerpt_never_ends_within_a_character() -> None:
    content = ("x" + "\u00e9" * EXCERPT_BYTES).encode()[:EXCERPT_BYTES]
    record = quarantined(content, size=5_000_000)
    assert record["bytes"] == 5_000_000
    assert record["raw"] == "x" + "\u00e9" * (EXCERPT_BYTES // 2 - 1)


def test_a_line_that_ends_within_a_character_is_undecodable() -> None:
    assert quarantined("na\u00ef".encode()[:-1])["raw_encoding"] == "base64"


def test_no_line_holds_a_separator_that_splits_it() -> None:
    line = Line("d/a\u2028b.jsonl", 1, "a\u2028b\u2029c\u0085d".encode(), 12)
    texts = [
        quarantine_line("duplicate", "d", line, duplicate_of="0123456789abcdef"),
        chat_line(record_of(Candidate("0" * 64, "train", Example("a", "b"), {}, line), "line\u2028line")),
    ]
    assert all(len(text.splitlines()) == 1 for text in texts)
    assert json.loads(texts[0])["raw"] == "a\u2028b\u2029c\u0085d"
    assert json.loads(texts[0])["duplicate_of"] == "0123456789abcdef"
