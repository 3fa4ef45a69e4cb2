"""Chat: words come as they are written, and can be stopped, asked again, edited, copied and found again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


def test_each_word_is_shown_before_the_next_one_is_written(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two", " three")
    ask(page, "Count.")
    shown = page.get_by_role("article", name="Answer")
    for number, so_far in enumerate(("One", "One two", "One two three"), start=1):
        answer.allow()
        expect(shown.locator(".answer-text")).to_have_text(so_far)
        assert len(answer.made) == number
    expect(shown.get_by_text("12 in, 3 out")).to_be_visible()


def test_stop_ends_the_answer_at_the_model_before_it_writes_on(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two", " three")
    ask(page, "Count.")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    page.get_by_role("button", name="Stop").click()
    assert answer.left.wait(30)
    answer.allow(2)  # nobody is there for whom it would write
    expect(page.get_by_text("Stopped. What came is kept.")).to_be_visible()
    assert answer.made == ["One"]


def test_escape_stops_as_well(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "Count.")
    assert answer.begun.wait(30)
    page.keyboard.press("Escape")
    assert answer.left.wait(30)


def test_the_same_question_is_answered_from_the_cache_and_says_so(page: Page, models: ScriptedModels) -> None:
    page.get_by_label("Temperature").fill("0")
    for _ in range(2):
        ask(page, "Why?")
        expect(page.locator(".answer-text")).to_contain_text("small was asked")
        expect(page.get_by_role("button", name="Good answer")).to_be_visible()
        page.get_by_role("button", name="New chat").click()
        expect(page.get_by_text("Ask the model something")).to_be_visible()
    assert len(models.asked) == 1


def test_an_answer_is_asked_for_again_and_not_taken_from_the_cache(page: Page, models: ScriptedModels) -> None:
    page.get_by_label("Temperature").fill("0")
    models.say("small", "First.")
    ask(page, "Why?")
    expect(page.locator(".answer-text")).to_have_text("First.")
    models.say("small", "Second.")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".answer-text")).to_have_text("Second.")
    assert [body["messages"][-1]["content"] for _, body in models.asked] == [[{"text": "Why?"}]] * 2


def test_a_message_is_edited_and_what_came_after_is_asked_anew(page: Page, models: ScriptedModels) -> None:
    for question in ("First?", "Second?"):
        ask(page, question)
        expect(page.locator(".answer-text").last).to_contain_text(question)
    first = page.get_by_role("article", name="You").first
    first.get_by_role("button", name="Edit").click()
    page.get_by_label("Edit the message").fill("Other?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Answer")).to_have_count(1)
    expect(page.locator(".answer-text")).to_contain_text("Other?")
    assert len(models.asked[-1][1]["messages"]) == 1


def test_escape_leaves_a_message_as_it_was(page: Page) -> None:
    ask(page, "First?")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Edit the message").fill("Other?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("article", name="You")).to_have_text("First?")
    expect(page.get_by_role("button", name="Edit")).to_be_focused()


def test_an_answer_is_copied_as_it_was_written(page: Page, models: ScriptedModels) -> None:
    models.say("small", "It is **bold**.")
    ask(page, "Why?")
    expect(page.locator(".answer-text strong")).to_have_text("bold")
    page.get_by_role("button", name="Copy the answer").click()
    expect(page.locator("#announcer")).to_contain_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "It is **bold**."


def test_the_model_is_told_the_whole_conversation_and_the_instruction(page: Page, models: ScriptedModels) -> None:
    page.get_by_label("Instruction").fill("Be brief.")
    ask(page, "First?")
    expect(page.locator(".answer-text")).to_contain_text("First?")
    ask(page, "Second?")
    expect(page.locator(".answer-text").last).to_contain_text("Second?")
    body = models.asked[-1][1]
    assert body["system"] == [{"text": "Be brief."}]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]


def test_a_conversation_is_found_again_and_deleted(page: Page, address: str, models: ScriptedModels) -> None:
    models.say("small", "Because.")
    ask(page, "Why does it wait?")
    link = page.get_by_role("link", name="Why does it wait?")
    expect(link).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()
    page.reload()
    link.click()
    expect(page.locator(".answer-text")).to_have_text("Because.")
    page.get_by_role("button", name="Delete “Why does it wait?”").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Keep").click()
    expect(link).to_be_visible()
    page.get_by_role("button", name="Delete “Why does it wait?”").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(link).to_have_count(0)
    expect(page.get_by_text("Ask the model something")).to_be_visible()


def test_a_stopped_answer_is_kept_as_far_as_it_came(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "Count.")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("link", name="Count.")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Count.").click()
    expect(page.locator(".answer-text")).to_have_text("One")


def test_another_view_does_not_interrupt_an_answer(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "Count.")
    answer.allow()
    page.get_by_role("link", name="Usage", exact=True).click()
    answer.allow()
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.locator(".answer-text")).to_have_text("One two")
