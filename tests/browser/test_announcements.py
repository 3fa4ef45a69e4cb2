"""What a screen reader hears of answers: which one it is, what to know of it, and nothing that nobody asked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.announcements import LISTEN, said, wait_to_hear
from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat, wait_for_the_wait

TEXT = "The agent restarts the task when its container has stopped."


@pytest.fixture(autouse=True)
def listening(page: Page) -> None:
    page.evaluate(LISTEN)


def test_answers_side_by_side_are_told_by_their_letters_and_none_is_lost(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Because.")
    models.say("large", "Why not?")
    page.get_by_role("link", name="Playground", exact=True).click()
    for letter, model in (("A", "small"), ("B", "large")):
        page.get_by_role("combobox", name=f"Model {letter}").select_option(model)
    page.get_by_label("Question").fill("Why?")
    page.get_by_role("button", name="Run").click()
    wait_to_hear(page, "Answer A: Because.")
    wait_to_hear(page, "Answer B: Why not?")


def test_what_is_said_at_the_same_time_is_said_together(page: Page) -> None:
    page.evaluate(
        """async () => {
          const { announce } = await import("/lib/announce.js");
          for (const words of ["One.", "Two.", "Two."]) announce(words);
        }"""
    )
    wait_to_hear(page, "Two.")
    assert said(page) == ["One. Two."]


def test_an_answer_that_reached_the_most_tokens_is_said_to_stop_there(
    page: Page, address: str, models: ScriptedModels
) -> None:
    open_chat(page, address)
    models.say("small", "It goes", finish="max_tokens")
    ask(page, "Tell me.")
    wait_to_hear(page, "Answer: It goes The answer stops here because it reached the most tokens allowed.")


def test_an_answer_that_is_in_none_of_the_documents_is_said_to_be_none(page: Page, address: str) -> None:
    open_chat(page, address)
    page.get_by_label("From my documents").check()
    ask(page, "Is anything known of it?")
    wait_to_hear(page, "The documents do not answer this. Nothing in your documents fits this question")


def test_a_summary_that_typing_on_has_ended_is_not_called_stopped(page: Page, models: ScriptedModels) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    former, now = models.hold("small", "Restarts"), models.hold("small", "Restarts and tells.")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.keyboard.press("Control+Enter")
    assert former.begun.wait(30)
    page.get_by_role("textbox", name="Text").fill(f"{TEXT} It tells.")
    page.keyboard.press("Control+Enter")
    assert former.left.wait(30)
    page.wait_for_timeout(300)  # long enough for a voice that would speak of it
    now.allow()
    wait_to_hear(page, "Answer: Restarts and tells.")
    assert not any("Stopped" in words for words in said(page))


def test_a_model_that_wakes_is_told_of_once_however_often_it_is_asked(
    page: Page, address: str, models: ScriptedModels
) -> None:
    page.clock.install()
    open_chat(page, address, "approved")
    page.clock.pause_at(page.evaluate("new Date(Date.now() + 60_000).toISOString()"))
    models.refuse("tuned", 429, "ModelNotReadyException", times=3)
    models.say("tuned", "Awake.")
    ask(page, "Hello")
    for tries in range(1, 4):
        wait_for_the_wait(page)
        page.clock.run_for(11_000)
        wait_for_tries(page, models, tries + 1)
    page.clock.resume()
    expect(page.locator(".answer-text")).to_have_text("Awake.")
    wait_to_hear(page, "Answer: Awake.")
    told = " ".join(said(page))
    assert [told.count(words) for words in ("It goes on by itself.", "The model is waking.")] == [1, 1], told


def wait_for_tries(page: Page, models: ScriptedModels, tries: int) -> None:
    while len(models.asked) < tries:
        page.clock.run_for(100)
        page.wait_for_timeout(20)
