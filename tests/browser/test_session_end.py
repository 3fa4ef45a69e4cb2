"""A session that ends: the page stays as it is, and what was typed is there again after the next sign-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import undisturbed
from tests.browser.signing_in import log_in, sign_in
from tests.browser.users import User, UserPool

TEXT = "The agent restarts the task, but nobody has been told of it yet."
REFUSED = {"status": 400, "json": {"error": "invalid_grant"}, "headers": {"access-control-allow-origin": "*"}}

FILL_STORAGE = """() => {
  for (let more = 2 ** 22; more >= 1; more /= 2) {
    try {
      sessionStorage.other = (sessionStorage.other ?? "") + "x".repeat(more);
    } catch {}  // no room for so much
  }
}"""


@pytest.fixture
def writing(stranger: BrowserContext, address: str, user: User) -> Iterator[Page]:
    """Somebody who has signed in, and writes a text and a question."""
    page = stranger.new_page()
    with undisturbed(page):
        page.goto(address)
        sign_in(page, user)
        page.get_by_label("While I type").uncheck()
        page.get_by_role("textbox", name="Text").fill(TEXT)
        page.get_by_role("link", name="Chat", exact=True).click()
        page.get_by_label("Message", exact=True).fill("Why has nobody been told?")
        yield page


def end_session(page: Page) -> None:
    """Let the pool refuse the session, as it does after its last hour, and let a request find it out."""
    page.route("**/oauth2/token", lambda route: route.fulfill(**REFUSED))
    page.route("**/api/v1/usage", lambda route: route.fulfill(status=401, json={}))
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(ended(page)).to_be_visible()
    page.unroute("**/oauth2/token")
    page.unroute("**/api/v1/usage")


def ended(page: Page) -> Locator:
    return page.get_by_role("alertdialog", name="Your session has ended.")


def test_the_page_stays_so_that_what_was_typed_can_be_copied(writing: Page) -> None:
    end_session(writing)
    assert violations(writing) == []
    writing.get_by_role("button", name="Stay here").click()
    writing.get_by_role("link", name="Summarize", exact=True).click()
    expect(writing.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    expect(writing.get_by_role("alert").filter(has_text="Your session has ended.")).to_be_visible()
    expect(writing.get_by_role("button", name="Sign in")).to_be_visible()
    assert violations(writing) == []


def test_what_was_typed_is_back_after_the_next_sign_in_and_nothing_of_it_is_kept(writing: Page, user: User) -> None:
    end_session(writing)
    ended(writing).get_by_role("button", name="Sign in").click()
    log_in(writing, user)
    expect(writing.get_by_role("heading", name="Usage")).to_be_visible()
    writing.get_by_role("link", name="Chat", exact=True).click()
    expect(writing.get_by_label("Message", exact=True)).to_have_value("Why has nobody been told?")
    writing.get_by_role("link", name="Summarize", exact=True).click()
    expect(writing.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    assert writing.evaluate("Object.keys(sessionStorage)") == ["fourfold.refresh"]


def test_who_signs_in_as_somebody_else_finds_nothing_of_it(writing: Page, pool: UserPool) -> None:
    end_session(writing)
    ended(writing).get_by_role("button", name="Sign in").click()
    other = pool.somebody()
    log_in(writing, other)
    expect(writing.get_by_text(other.email).first).to_be_visible()
    writing.get_by_role("link", name="Summarize", exact=True).click()
    expect(writing.get_by_role("textbox", name="Text")).to_have_value("")
    assert writing.evaluate("Object.keys(sessionStorage)") == ["fourfold.refresh"]


def test_where_there_is_no_room_to_keep_it_the_page_says_so_before_it_leaves(writing: Page) -> None:
    end_session(writing)
    writing.evaluate(FILL_STORAGE)
    ended(writing).get_by_role("button", name="Sign in").click()
    expect(ended(writing).get_by_text("This browser has no room to keep what you have typed.")).to_be_visible()
    ended(writing).get_by_role("button", name="Stay here").click()
    expect(writing.get_by_role("heading", name="Usage")).to_be_visible()
