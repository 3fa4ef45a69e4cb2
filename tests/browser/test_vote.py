"""A vote between answers: each pair is kept once, and who votes by keyboard or hears the page is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.deployment import learned
from twin.emulator import Emulator

FEEDBACK = "**/api/v1/feedback"


@pytest.fixture(autouse=True)
def in_playground(page: Page, address: str) -> None:
    page.goto(f"{address}/#/playground")
    page.get_by_role("button", name="Compare with another").click()
    for letter, model in zip("ABC", ("small", "large", "plain"), strict=True):
        page.get_by_label(f"Model {letter}").select_option(model)


def run(page: Page) -> None:
    page.get_by_label("Question").fill("Why?")
    page.get_by_role("button", name="Run").click()


def test_who_votes_again_after_a_failure_keeps_no_pair_twice(page: Page) -> None:
    pairs: list[Any] = []

    def one_fails(route: Route) -> None:
        pairs.append(json.loads(route.request.post_data or "")["rejected_answer"])
        if len(pairs) == 2:
            route.abort()
        else:
            route.fallback()

    page.route(FEEDBACK, one_fails)
    run(page)
    page.get_by_label("may be used to train models").check()
    best = page.get_by_role("button", name="B is better")
    best.press("Enter")
    expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
    expect(best).to_be_focused()
    # Of another vote the pairs would speak against the one that is kept.
    expect(page.get_by_role("button", name="A is better")).to_be_disabled()
    # Nor can half of a vote be kept with consent, and half without.
    expect(page.get_by_label("may be used to train models")).to_be_disabled()
    best.press("Enter")
    expect(page.get_by_role("main").get_by_text("B is kept as the better answer")).to_be_visible()
    assert [answer.split()[0] for answer in pairs] == ["small", "plain", "plain"]


def test_a_vote_leaves_the_focus_at_its_thanks_which_are_said(page: Page) -> None:
    run(page)
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="A is better").press("Enter")
    thanks = page.get_by_role("main").get_by_text("A is kept as the better answer")
    expect(thanks).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("Thank you: A is kept as the better answer.")


def test_a_vote_between_three_is_one_entry_and_is_taken_back_as_one(page: Page, emulator: Emulator) -> None:
    before = set(learned(emulator))
    run(page)
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("main").get_by_text("A is kept as the better answer")).to_be_visible()
    assert len(set(learned(emulator)) - before) == 2
    page.get_by_role("link", name="Feedback", exact=True).click()
    entry = page.get_by_role("main").get_by_role("listitem")
    expect(entry).to_have_count(1)
    expect(entry.get_by_text("Other answer")).to_have_count(2)
    entry.get_by_role("button", name="Take back").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("No feedback yet")).to_be_visible()
    assert set(learned(emulator)) == before


def test_without_consent_a_vote_is_one_good_rating_and_says_so(page: Page) -> None:
    run(page)
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("main").get_by_text("Only a good rating of A's model is kept")).to_be_visible()
    page.get_by_role("link", name="Feedback", exact=True).click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("Text not kept.")).to_be_visible()


def test_answers_that_are_the_same_are_said_to_be(page: Page, models: ScriptedModels) -> None:
    for name in ("small", "large", "plain"):
        models.say(name, "Because.")
    run(page)
    page.get_by_role("button", name="A is better").press("Enter")
    expect(page.locator("#announcer")).to_contain_text("The answers are the same: there is nothing to prefer.")
