"""The table of limits in docs/api.md has the numbers that requests are checked by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambdas.gateway.bodies import embeddings, messages, retrieval, tasks
from lambdas.gateway.kept import feedback, history
from lambdas.gateway.routing import MOST_BYTES
from lambdas.shared.embedding import MOST_CHARACTERS

PAGE = (Path(__file__).resolve().parents[3] / "docs/api.md").read_text(encoding="utf-8")
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("what", "numbers"),
    [
        ("messages", (messages.MAX_CHAT_MESSAGES, messages.MAX_MESSAGES)),
        ("`labels`", (tasks.MOST_LABELS, tasks.LONGEST_LABEL, 2)),
        ("texts of `/v1/embeddings`", (embeddings.MOST_TEXTS, MOST_CHARACTERS)),
        ("`query` of `/v1/search`", (retrieval.LONGEST_QUERY,)),
        ("conversations that are kept", (history.MOST_CONVERSATIONS, history.KEPT_SECONDS // 86_400)),
        ("one of them", (history.MOST_MESSAGES, history.MOST_CHARACTERS)),
        ("feedback", (feedback.MOST_MESSAGES, feedback.MOST_CHARACTERS)),
        ("a body", (MOST_BYTES // MEBIBYTE, 6)),
    ],
)
def test_a_limit_is_told_as_it_is_checked(what: str, numbers: tuple[int, ...]) -> None:
    row = re.search(rf"^\| {re.escape(what)} \| (.*?) \| .*? \|$", PAGE, re.MULTILINE)
    assert row is not None
    told = re.findall(r"(?<![\w/])[\d,]+(?![\w/])", row[1])
    assert [int(number.replace(",", "")) for number in told if number.strip(",")] == list(numbers)
