"""Where a chat ends: at what the gateway takes, at a blank answer, and beyond what may be judged."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat


@pytest.fixture
def most(page: Page, address: str) -> int:
    """How many characters may be sent at once, which is few here."""
    config = page.evaluate("fetch('/config.json').then((told) => told.json())")
    config["limits"]["text_characters"] = 60
    page.route("**/config.json", lambda route: route.fulfill(json=config))
    page.reload()
    open_chat(page, address)
    return 60


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


def questions(models: ScriptedModels) -> list[list[str]]:
    """What the model was asked, each time the whole of the user's messages."""
    return [
        [message["content"][0]["text"] for message in body["messages"] if message["role"] == "user"]
        for _, body in models.asked
    ]


def test_a_conversation_that_is_full_says_so_and_its_next_message_begins_a_new_one(
    page: Page, models: ScriptedModels, most: int
) -> None:
    models.say("small", "A hare is quick.")
    ask(page, "Tell me of a hare, please.")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    message = page.get_by_label("Message", exact=True)
    ask(page, "And tell me of a bear.")
    told = page.get_by_role("status").filter(has_text=f"the conversation has 64 characters, and {most} are allowed")
    expect(told).to_be_visible()
    expect(message).to_have_value("And tell me of a bear.")
    told.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()
    expect(told).to_have_count(0)
    expect(message).to_be_focused()
    message.press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("bear")
    assert questions(models) == [["Tell me of a hare, please."], ["And tell me of a bear."]]


def test_a_message_that_is_too_long_by_itself_is_to_be_shortened_and_an_edit_stays_open(
    page: Page, models: ScriptedModels, most: int
) -> None:
    ask(page, "x" * (most + 1))
    told = page.get_by_role("status").filter(has_text="This message has 61 characters")
    expect(told).to_be_visible()
    expect(told.get_by_role("button")).to_have_count(0)
    ask(page, "🦉" * most)
    expect(page.locator(".answer-text")).to_contain_text("🦉")
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Edit the message").fill("y" * (most + 1))
    page.keyboard.press("Enter")
    expect(told).to_be_visible()
    expect(page.get_by_label("Edit the message")).to_have_value("y" * (most + 1))
    assert questions(models) == [["🦉" * most]]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_that_its_model_cannot_read_goes_on_in_a_new_one(
    page: Page, models: ScriptedModels, streamed: bool
) -> None:
    ask(page, "First?")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    detail = "The input is too long for the model."
    problem = {"title": "Content Too Large", "status": 413, "detail": detail}
    event = {"headers": {"Content-Type": "text/event-stream"}, "body": f"event: error\ndata: {json.dumps(problem)}\n\n"}
    told: dict[str, Any] = event if streamed else {"status": 413, "json": problem}
    page.route("**/api/v1/chat/completions", lambda route: route.fulfill(**told), times=1)
    ask(page, "Second?")
    expect(page.get_by_role("alert").get_by_text(detail)).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="New chat").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Second?")
    page.get_by_label("Message", exact=True).press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("Second?")
    assert questions(models) == [["First?"], ["Second?"]]


def test_after_a_blank_answer_the_conversation_goes_on_and_is_kept(page: Page) -> None:
    blank = {"choices": [{"index": 0, "delta": {"content": "\n"}, "finish_reason": "stop"}]}
    stream = f"data: {json.dumps(blank)}\n\ndata: [DONE]\n\n"
    page.route(
        "**/api/v1/chat/completions",
        lambda route: route.fulfill(headers={"Content-Type": "text/event-stream"}, body=stream),
        times=1,
    )
    with page.expect_response(lambda response: response.request.method == "PUT"):
        ask(page, "First?")
    with page.expect_response(lambda response: response.request.method == "PUT") as kept:
        ask(page, "Second?")
    expect(page.locator(".answer-text").last).to_contain_text("Second?")
    assert kept.value.status == 200


def test_a_title_is_cut_between_emojis_and_kept(page: Page) -> None:
    with page.expect_response(lambda response: response.request.method == "PUT") as kept:
        ask(page, "x" + "🦉" * 80)
    assert kept.value.status == 200
    expect(page.get_by_role("link", name="x" + "🦉" * 59 + "…")).to_be_visible()


def test_an_answer_late_in_a_long_conversation_can_be_judged(page: Page, address: str) -> None:
    about = {"request_id": "0f0e1a52-9b0c-4c1e-8a5d-3f5b7d1c2e4f", "model": "small", "finish": "stop"}
    turns: list[dict[str, Any]] = []
    for number in range(40):
        turns += [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": "Yes.", "about": about}]
    talk = {"id": "long", "title": "Long", "updated": "2026-11-27T00:00:00.000+00:00", "messages": turns}
    page.route("**/api/v1/history/long", lambda route: route.fulfill(json=talk))
    page.goto(f"{address}/#/chat/long")
    last = page.get_by_role("article", name="Answer").last
    last.get_by_role("button", name="Good answer").click()
    with page.expect_request(re.compile("/feedback$")) as sent:
        last.get_by_role("button", name="Send", exact=True).click()
    expect(last.get_by_text("Thank you.")).to_be_visible()
    judged = json.loads(sent.value.post_data or "")["messages"]
    assert [message["content"] for message in judged[0::2]] == [f"{number}?" for number in range(8, 40)]
