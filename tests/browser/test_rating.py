"""What is asked for with a thumb: nothing that was written is lost, and what is not kept is not said to be."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chatting import ask, open_chat

HINT = "What you write is kept only if you agree here"


@pytest.fixture(autouse=True)
def answered(page: Page, address: str) -> None:
    """An answer, with its form open."""
    open_chat(page, address)
    ask(page, "Why?")
    page.get_by_role("button", name="Bad answer").click()


def send(page: Page) -> None:
    page.locator(".rating-form").get_by_role("button", name="Send", exact=True).click()


def test_without_agreement_it_says_that_only_the_rating_is_kept(page: Page, address: str) -> None:
    comment = page.get_by_label("What was wrong with it?")
    expect(comment).to_have_accessible_description(f"{HINT}; your thumb is kept either way.")
    comment.fill("It is too long.")
    send(page)
    expect(page.get_by_text("Only your rating is kept, under Feedback, and not what you wrote.")).to_be_visible()
    page.get_by_role("link", name="Feedback", exact=True).first.click()
    expect(page.get_by_role("heading", name="Feedback")).to_be_visible()
    expect(page.get_by_text("Why?")).to_have_count(0)
    expect(page.get_by_text("It is too long.")).to_have_count(0)


@pytest.mark.parametrize("agreed", [True, False])
def test_what_is_kept_whole_is_said_to_be(page: Page, agreed: bool) -> None:
    if agreed:
        page.get_by_label("What was wrong with it?").fill("It is too long.")
        page.get_by_label("may be used to train models").check()
    send(page)
    expect(page.get_by_text("Thank you. It is kept under Feedback.")).to_be_visible()


def test_another_thumb_and_the_same_again_leave_what_was_written(page: Page) -> None:
    page.get_by_label("What was wrong with it?").fill("It is short.")
    page.get_by_label("A better answer").fill("Because.")
    page.get_by_label("may be used to train models").check()
    for name in ("Good answer", "Good answer"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_label("What was good about it?")).to_have_value("It is short.")
    expect(page.get_by_label("A better answer")).to_have_value("Because.")
    expect(page.get_by_label("may be used to train models")).to_be_checked()
    with page.expect_request("**/feedback") as sent:
        send(page)
    told = json.loads(sent.value.post_data or "")
    assert (told["rating"], told["comment"]) == ("up", "It is short.")
    expect(page.get_by_role("main").get_by_text("Thank you.")).to_be_visible()
    page.get_by_role("button", name="Bad answer").click()
    expect(page.get_by_label("What was wrong with it?")).to_have_value("")
