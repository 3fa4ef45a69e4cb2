"""The table of limits in docs/api.md has the numbers that requests are checked by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambdas.gateway.bodies import embeddings, messages, retrieval, tasks
from lambdas.gateway.kept import feedback, history
from lambdas.gateway.routing import MOST_BYTES
from lambdas.shared.embedding import MOST_CHARACTERS
from tests.unit.gateway.conftest import Gateway

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
    told = re.findall(r"(?<![\w/])[\d,]+(?![\w/])", row(what)[0])
    assert [int(number.replace(",", "")) for number in told if number.strip(",")] == list(numbers)


@pytest.mark.parametrize(
    ("what", "path", "body"),
    [
        ("messages", "generate", {"messages": [{"role": "user", "content": "x"}] * (messages.MAX_MESSAGES + 1)}),
        ("`labels`", "classify", {"text": "x", "labels": ["y", "x" * (tasks.LONGEST_LABEL + 1)]}),
        ("`labels`", "classify", {"text": "x", "labels": ["x"] * (tasks.MOST_LABELS + 1)}),
        ("texts of `/v1/embeddings`", "embeddings", {"input": ["x"] * (embeddings.MOST_TEXTS + 1)}),
        ("texts of `/v1/embeddings`", "embeddings", {"input": "x" * (MOST_CHARACTERS + 1)}),
        ("`query` of `/v1/search`", "search", {"query": "x" * (retrieval.LONGEST_QUERY + 1)}),
        ("`query` of `/v1/search`", "search", {"query": "x", "top_k": 1000}),
    ],
)
def test_beyond_a_limit_comes_the_status_that_is_told(
    gateway: Gateway, what: str, path: str, body: dict[str, object]
) -> None:
    assert str(gateway.post(f"/v1/{path}", body).status) in re.findall(r"\b\d{3}\b", row(what)[1])


def row(what: str) -> tuple[str, str]:
    """Give what the table says is most, and what comes beyond it."""
    found = re.search(rf"^\| {re.escape(what)} \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert found is not None
    return found[1], found[2]
