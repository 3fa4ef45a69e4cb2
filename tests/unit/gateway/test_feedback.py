"""Feedback is a caller's word, and no caller's word is all that there is to learn from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from lambdas.gateway.kept import FeedbackStore, feedback
from lambdas.gateway.openapi.schemas import feedback_body
from lambdas.gateway.settings import Limits
from lambdas.gateway.table import Table
from tests.unit.gateway.conftest import Gateway, Reply
from tests.unit.gateway.parts import OTHER, USER, Items

SAID = {
    "request_id": "01234567-89ab-cdef-0123-456789abcdef",
    "model": "first",
    "messages": [{"role": "user", "content": "What do owls do?"}],
    "answer": "They hunt.",
    "rating": "down",
    "consent": False,
}


@pytest.fixture
def kept(gateway: Gateway) -> None:
    vars(gateway.application._services)["feedback"] = FeedbackStore(cast(Table, Items()), "raw", "feedback/")


@pytest.mark.usefixtures("kept")
def test_an_answer_is_known_by_the_id_that_openai_s_clients_have_of_it(gateway: Gateway) -> None:
    held = f"chatcmpl-{SAID['request_id']}"

    assert gateway.post("/api/v1/feedback", {**SAID, "request_id": held}, headers=USER).status == 201

    (given,) = gateway.send("GET", "/api/v1/feedback", headers=USER).body["feedback"]
    assert given["request_id"] == SAID["request_id"]


@pytest.mark.usefixtures("kept")
def test_a_developer_s_message_is_the_system_s_here_too(gateway: Gateway) -> None:
    instruction = {"role": "developer", "content": "Answer briefly."}

    said = {**SAID, "messages": [instruction, *cast("list[object]", SAID["messages"])]}

    assert gateway.post("/api/v1/feedback", said, headers=USER).status == 201


@pytest.mark.usefixtures("kept")
def test_what_is_not_there_is_missing_and_not_wrong(gateway: Gateway) -> None:
    reply = gateway.post("/api/v1/feedback", {"messages": [{"role": "user"}], "consent": None}, headers=USER)

    assert reply.status == 400
    assert {error["pointer"]: error["detail"] for error in reply.body["errors"]} == {
        "#/request_id": "'request_id' is missing",
        "#/model": "'model' is missing",
        "#/messages/0/content": "'content' is missing",
        "#/answer": "'answer' is missing",
        "#/consent": "'consent' must be true or false",
    }


def test_of_one_caller_so_much_feedback_is_kept_in_a_day_and_no_more(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, table = 1_000_000.0, cast(Table, Items())
    vars(gateway.application._services)["feedback"] = FeedbackStore(table, "raw", "feedback/", now=lambda: now)
    monkeypatch.setattr(feedback, "MOST_A_DAY", 2)

    def give(headers: Mapping[str, str] = USER) -> Reply:
        return gateway.post("/api/v1/feedback", SAID, headers=headers)

    statuses = [give().status for _ in range(2)]
    refused = give()

    assert (statuses, refused.status, give(OTHER).status) == ([201, 201], 429, 201)
    assert "are kept in a day. More are kept from 1970-01-13T00:00:00+00:00." in refused.body["detail"]
    assert refused.headers["retry-after"] == str(12 * 86_400 - 1_000_000)
    assert len(gateway.send("GET", "/api/v1/feedback", headers=USER).body["feedback"]) == 2
    now += 86_400
    assert give().status == 201


def test_each_field_of_feedback_is_documented_with_whether_it_is_required() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/api.md").read_text(encoding="utf-8")
    section = page.partition("\n## Feedback\n")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section, re.MULTILINE))
    schema = feedback_body(cast(Limits, None))
    assert told == {name: "yes" if name in schema["required"] else "no" for name in schema["properties"]}
