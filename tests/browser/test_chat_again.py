"""A chat that is read again: what was said of each answer stays under it, and its end is in sight on any screen."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat
from tests.browser.deployment import learned
from twin.emulator import Emulator

CUT_OFF = "The answer stops here because it reached the most tokens allowed."


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


def answers(page: Page, models: ScriptedModels) -> None:
    """Ask twice; the first answer is cut off."""
    models.say("small", "A hare", finish="max_tokens")
    ask(page, "Tell of a hare.")
    expect(page.locator(".note").get_by_text(CUT_OFF)).to_be_visible()
    models.say("small", "A bear.")
    ask(page, "And of a bear.")
    expect(page.get_by_role("button", name="Good answer")).to_have_count(2)


def test_an_older_answer_keeps_its_notice_its_figures_and_its_thumbs(page: Page, models: ScriptedModels) -> None:
    answers(page, models)
    first = page.get_by_role("article", name="Answer").first
    expect(first.get_by_text(CUT_OFF)).to_be_visible()
    expect(first.get_by_text("First token")).to_be_visible()
    first.get_by_role("button", name="Bad answer").click()
    first.get_by_role("button", name="Send", exact=True).click()
    expect(first.get_by_text("Thank you.")).to_be_visible()
    models.say("small", "A fox.")
    ask(page, "And of a fox.")
    expect(page.get_by_role("button", name="Good answer")).to_have_count(3)
    expect(first.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")


def test_a_reopened_answer_has_them_too_and_can_be_judged(
    page: Page, models: ScriptedModels, emulator: Emulator
) -> None:
    before = set(learned(emulator))
    answers(page, models)
    expect(page.get_by_role("link", name="Tell of a hare.")).to_be_visible()
    page.get_by_role("link", name="Tell of a hare.").click()
    page.reload()
    first = page.get_by_role("article", name="Answer").first
    expect(first.get_by_text(CUT_OFF)).to_be_visible()
    expect(first.get_by_text("First token")).to_be_visible()
    first.get_by_role("button", name="Good answer").click()
    first.get_by_label("may be used to train models").check()
    first.get_by_role("button", name="Send", exact=True).click()
    expect(first.get_by_text("Thank you.")).to_be_visible()
    [line] = set(learned(emulator)) - before
    said = [message["content"] for message in json.loads(line)["messages"]]
    assert said == ["Tell of a hare.", "A hare"]


def test_a_stopped_answer_says_so_after_the_next_message(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "Count.")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Stopped. What came is kept.")).to_be_visible()
    answer.allow()
    models.say("small", "Yes.")
    ask(page, "Is that all?")
    expect(page.locator(".answer-text").last).to_have_text("Yes.")
    expect(page.get_by_text("Stopped. What came is kept.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_end_of_an_answer_is_in_sight_when_it_has_come(page: Page, models: ScriptedModels, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    for number in range(3):
        models.say("small", "There was a hare. " * 12, finish="max_tokens")
        ask(page, f"Tell another one, the {number}th.")
        expect(page.get_by_role("button", name="Good answer")).to_have_count(number + 1)
    page.wait_for_function("document.documentElement.scrollHeight - innerHeight - scrollY <= 1")


def test_who_has_gone_up_while_an_answer_comes_is_left_there(page: Page, models: ScriptedModels) -> None:
    page.set_viewport_size({"width": 360, "height": 500})
    models.say("small", "There was a hare. " * 40)
    ask(page, "Tell one.")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    answer = models.hold("small", *["Then it ran on, and on. " * 10 for _ in range(4)])
    ask(page, "Go on.")
    answer.allow(2)
    expect(page.locator(".answer-text").last).to_contain_text("ran")
    page.wait_for_function("document.documentElement.scrollHeight - innerHeight - scrollY <= 1")
    page.evaluate("scrollTo(0, 100)")
    page.wait_for_function(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    answer.allow(2)
    expect(page.get_by_role("button", name="Good answer")).to_have_count(2)
    assert page.evaluate("scrollY") == 100


def test_what_a_reader_opens_under_a_fresh_answer_stays_where_they_opened_it(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 500})
    passages = [{"document_id": "d", "name": f"{n}.txt", "passage": n, "text": "Owls. " * 60} for n in range(4)]
    pieces: list[dict[str, object]] = [
        {"choices": [{"index": 0, "delta": {"content": "Barn owls hunt at night. " * 40}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "fourfold": {"sources": passages}},
    ]
    stream = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"
    page.route(
        "**/api/v1/chat/completions",
        lambda route: route.fulfill(headers={"Content-Type": "text/event-stream"}, body=stream),
    )
    ask(page, "What do owls hunt?")
    sources = page.get_by_text("4 sources")
    expect(page.get_by_role("link", name="What do owls hunt?")).to_be_visible()
    sources.focus()
    before = page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    page.keyboard.press("Enter")
    page.wait_for_function("(height) => document.documentElement.scrollHeight > height", arg=before[1])
    page.wait_for_function(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    assert abs(page.evaluate("scrollY") - before[0]) <= 1  # the end was at a fraction of a pixel
