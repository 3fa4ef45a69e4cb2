"""Where the focus is once what had it is gone, and what keys mean to an input method."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat

KEPT = "**/api/v1/history/*"
# How browsers tell of a key that an input method takes: while it composes, and in Safari also just after.
TAKEN = [{"isComposing": True}, {"keyCode": 229}]


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


def begin_new(page: Page) -> None:
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()


def talks(page: Page, *questions: str) -> None:
    """Hold a conversation about each of these; the last one is listed first."""
    for question in questions:
        begin_new(page)
        ask(page, question)
        expect(page.get_by_role("link", name=question)).to_be_visible()
    begin_new(page)


def bin_of(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"Delete “{title}”")


def delete(page: Page, title: str) -> None:
    bin_of(page, title).press("Enter")
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").press("Enter")
    expect(bin_of(page, title)).to_have_count(0)


def test_after_a_deletion_the_neighbour_has_the_focus_and_after_the_last_one_the_heading(page: Page) -> None:
    talks(page, "First?", "Second?", "Third?")
    delete(page, "Second?")
    expect(bin_of(page, "First?")).to_be_focused()
    delete(page, "First?")
    expect(bin_of(page, "Third?")).to_be_focused()
    delete(page, "Third?")
    expect(page.locator("summary", has_text="Conversations")).to_be_focused()


def test_a_list_that_is_drawn_anew_keeps_the_focus(page: Page, models: ScriptedModels) -> None:
    talks(page, "First?")
    answer = models.hold("small", "One")
    ask(page, "Second?")
    page.get_by_role("link", name="First?").focus()
    answer.allow()
    expect(page.get_by_role("link", name="Second?")).to_be_visible()
    expect(page.get_by_role("link", name="First?")).to_be_focused()


def test_a_list_that_is_drawn_anew_behind_a_question_has_the_focus_again_after_it(
    page: Page, models: ScriptedModels
) -> None:
    talks(page, "First?")
    answer = models.hold("small", "One")
    ask(page, "Second?")
    bin_of(page, "First?").press("Enter")
    answer.allow()
    expect(page.locator(".history-title", has_text="Second?")).to_be_visible()
    page.get_by_role("alertdialog").get_by_role("button", name="Keep").press("Enter")
    expect(bin_of(page, "First?")).to_be_focused()


def test_who_tries_again_to_open_a_conversation_goes_on_from_stop_and_then_from_the_message(page: Page) -> None:
    talks(page, "First?")
    page.route(KEPT, lambda route: route.abort(), times=1)
    page.get_by_role("link", name="First?").click()
    expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
    held: list[Route] = []
    page.route(KEPT, lambda route: held.append(route), times=1)
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.get_by_role("article", name="You")).to_have_text("First?")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


@pytest.mark.parametrize("fails", [False, True])
def test_after_an_opinion_its_thumb_has_the_focus_and_after_a_failure_its_button(page: Page, fails: bool) -> None:
    ask(page, "Why?")
    page.get_by_role("button", name="Bad answer").press("Enter")
    if fails:
        page.route("**/feedback", lambda route: route.abort(), times=1)
    send = page.locator(".rating-form").get_by_role("button", name="Send", exact=True)
    send.press("Enter")
    if fails:
        expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
        expect(send).to_be_focused()
    else:
        expect(page.get_by_role("main").get_by_text("Thank you.")).to_be_visible()
        expect(page.get_by_role("button", name="Bad answer")).to_be_focused()


def press_composing(box: Locator, key: str, how: dict[str, object]) -> None:
    box.focus()
    box.evaluate(
        "(box, how) => box.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...how}))",
        {"key": key, **how},
    )


@pytest.mark.parametrize("how", TAKEN, ids=json.dumps)
def test_the_enter_that_accepts_a_suggestion_sends_nothing(
    page: Page, models: ScriptedModels, how: dict[str, object]
) -> None:
    message = page.get_by_label("Message", exact=True)
    message.fill("にほん")
    press_composing(message, "Enter", how)
    expect(message).to_have_value("にほん")
    message.fill("日本")
    message.press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("日本")
    page.get_by_role("button", name="Edit").click()
    edited = page.get_by_label("Edit the message")
    press_composing(edited, "Enter", how)
    expect(edited).to_be_visible()
    assert len(models.asked) == 1


@pytest.mark.parametrize("how", TAKEN, ids=json.dumps)
def test_the_escape_that_drops_a_suggestion_neither_ends_an_edit_nor_stops_an_answer(
    page: Page, models: ScriptedModels, how: dict[str, object]
) -> None:
    ask(page, "First?")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    edited = page.get_by_label("Edit the message")
    press_composing(edited, "Escape", how)
    expect(edited).to_be_visible()
    answer = models.hold("small", "One", " two")
    ask(page, "Second?")
    answer.allow()
    expect(page.locator(".answer-text").last).to_have_text("One")
    press_composing(page.get_by_label("Message", exact=True), "Escape", how)
    answer.allow()
    expect(page.locator(".answer-text").last).to_have_text("One two")
