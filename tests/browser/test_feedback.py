"""Feedback: a thumb, a comment, a better answer, and whether models may learn from it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat
from tests.browser.deployment import learned
from twin.emulator import Emulator


@pytest.fixture(autouse=True)
def with_an_answer(page: Page, address: str, models: ScriptedModels) -> None:
    open_chat(page, address)
    models.say("small", "No idea.")
    ask(page, "Why does it wait?")
    expect(page.get_by_role("button", name="Bad answer")).to_be_visible()


def test_a_better_answer_becomes_a_pair_to_learn_from(page: Page, emulator: Emulator) -> None:
    before = set(learned(emulator))
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("A better answer").fill("It waits for the lock.")
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="Send", exact=True).first.click()
    expect(page.get_by_text("Thank you. It is kept under")).to_be_visible()
    [line] = set(learned(emulator)) - before
    record = json.loads(line)
    assert record["messages"][-1]["content"] == "It waits for the lock."
    assert record["rejected"] == "No idea."


def test_feedback_is_listed_and_can_be_taken_back(page: Page, address: str, emulator: Emulator) -> None:
    before = set(learned(emulator))
    page.get_by_role("button", name="Good answer").click()
    page.get_by_label("What was good about it?").fill("Honest.")
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="Send", exact=True).first.click()
    page.get_by_role("link", name="Feedback", exact=True).first.click()
    given = page.get_by_role("main").get_by_role("listitem")
    for text in ("Good", "small", "Honest.", "Models may learn from it", "Why does it wait?", "No idea."):
        expect(given.get_by_text(text)).to_be_visible()
    given.get_by_role("button", name="Take back").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("No feedback yet")).to_be_visible()
    assert set(learned(emulator)) == before


def test_consent_is_not_given_by_itself(page: Page, emulator: Emulator) -> None:
    before = set(learned(emulator))
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_label("may be used to train models")).not_to_be_checked()
    page.get_by_role("button", name="Send", exact=True).first.click()
    expect(page.get_by_text("Thank you. It is kept under")).to_be_visible()
    assert set(learned(emulator)) == before
    page.get_by_role("link", name="Feedback", exact=True).first.click()
    expect(page.get_by_text("Text not kept.")).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text("Why does it wait?")


@pytest.mark.parametrize(("width", "height"), [(1280, 700), (360, 740)])
def test_what_a_thumb_opens_is_in_sight_with_its_last_button(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.get_by_role("button", name="Bad answer").click()
    expect(page.get_by_label("What was wrong with it?")).to_be_focused()
    for control in (page.get_by_label("What was wrong with it?"), page.locator(".rating-form [type=submit]")):
        on_top = """(control) => {
            const {left, right, top, bottom} = control.getBoundingClientRect();
            return document.elementFromPoint((left + right) / 2, (top + bottom) / 2) === control;
        }"""
        assert control.evaluate(on_top)


def test_cancel_leaves_no_opinion(page: Page) -> None:
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_label("A better answer")).to_have_count(0)
