"""Whether a conversation is kept: what fails is said where the reader writes, and no window undoes another's work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat

KEPT = "**/api/v1/history/*"
ELSEWHERE = "was changed or deleted in another window"


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


@pytest.fixture
def window(context: BrowserContext, address: str) -> Iterator[Page]:
    """A second window of the same person."""
    opened = context.new_page()
    open_chat(opened, address)
    yield opened
    opened.close()


def notice(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("status").filter(has_text="“")


def said(page: Page, question: str) -> int:
    """Ask, and wait until the conversation is kept, or refused; gives the status."""
    with page.expect_response(lambda answer: answer.request.method == "PUT") as told:
        ask(page, question)
    return told.value.status


def fail(page: Page, method: str) -> None:
    """Let the next request of this method fail."""
    page.route(KEPT, lambda route: _fail(route, method))


def _fail(route: Route, method: str) -> None:
    if route.request.method == method:
        route.fulfill(status=502, json={"title": "Bad Gateway", "status": 502, "detail": "The table rests."})
    else:
        route.fallback()


def delete(page: Page, title: str) -> None:
    page.get_by_role("button", name=f"Delete “{title}”").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_conversation_that_is_not_kept_is_noticed_on_a_small_screen_and_kept_on_demand(
    page: Page, theme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": 390, "height": 740})
    page.emulate_media(color_scheme=theme)
    page.reload()
    fail(page, "PUT")
    ask(page, "Why?")
    expect(notice(page)).to_contain_text("“Why?” is not kept: The table rests.")
    expect(notice(page)).to_be_visible()
    assert violations(page) == []
    page.unroute_all()
    notice(page).get_by_role("button", name="Keep it now").press("Enter")
    expect(notice(page)).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.reload()
    page.get_by_text("Conversations", exact=True).click()
    expect(page.get_by_role("link", name="Why?")).to_be_visible()


def test_a_deletion_that_fails_says_so_and_goes_on_saying_so(page: Page) -> None:
    said(page, "Why?")
    fail(page, "DELETE")
    delete(page, "Why?")
    expect(notice(page)).to_contain_text("“Why?” is not deleted: The table rests.")
    expect(page.get_by_role("link", name="Why?")).to_be_visible()
    expect(page.locator(".answer-text")).to_contain_text("Why?")


def test_what_was_answered_while_a_deletion_failed_is_kept_after_all(page: Page, models: ScriptedModels) -> None:
    said(page, "First?")
    answer = models.hold("small", "One", " two")
    ask(page, "Second?")
    answer.allow()
    held: list[Route] = []
    page.route(KEPT, lambda route: held.append(route) if route.request.method == "DELETE" else route.fallback())
    delete(page, "First?")
    while not held:
        page.wait_for_timeout(20)
    answer.allow()
    expect(page.get_by_role("button", name="Good answer")).to_have_count(2)
    with page.expect_response(lambda response: response.request.method == "PUT"):
        _fail(held[0], "DELETE")
    expect(notice(page)).to_contain_text("is not deleted")
    page.reload()
    page.get_by_role("link", name="First?").click()
    expect(page.locator(".answer-text").last).to_have_text("One two")


def test_what_another_window_has_deleted_counts_as_deleted(page: Page, window: Page) -> None:
    said(page, "Why?")
    window.reload()
    delete(window, "Why?")
    expect(window.get_by_role("link", name="Why?")).to_have_count(0)
    delete(page, "Why?")
    expect(page.get_by_text("Ask the model something")).to_be_visible()
    expect(page.get_by_role("link", name="Why?")).to_have_count(0)
    expect(notice(page)).to_have_count(0)


def test_a_window_does_not_take_back_what_another_has_written_and_can_go_on_beside_it(page: Page, window: Page) -> None:
    said(page, "First?")
    window.reload()
    window.get_by_role("link", name="First?").click()
    expect(window.locator(".answer-text")).to_contain_text("First?")
    said(window, "In the other?")
    said(page, "In this one?")
    expect(notice(page)).to_contain_text(f"“First?” {ELSEWHERE}")
    notice(page).get_by_role("button", name="Keep it as a new one").click()
    expect(page.get_by_role("link", name="First?")).to_have_count(2)
    expect(notice(page)).to_have_count(0)
    assert said(page, "And on?") == 200
    for place, questions in enumerate((["First?", "In this one?", "And on?"], ["First?", "In the other?"])):
        page.reload()
        page.get_by_role("link", name="First?").nth(place).click()
        expect(page.get_by_role("article", name="You")).to_have_text(questions)


def test_what_goes_on_as_a_new_conversation_has_the_answer_that_was_coming(
    page: Page, window: Page, models: ScriptedModels
) -> None:
    said(page, "First?")
    window.reload()
    delete(window, "First?")
    expect(window.get_by_role("link", name="First?")).to_have_count(0)
    said(page, "Second?")
    expect(notice(page)).to_contain_text(ELSEWHERE)
    expect(page.get_by_role("link", name="First?")).to_have_count(0)
    answer = models.hold("small", "One", " two")
    ask(page, "Third?")
    answer.allow()
    expect(page.locator(".answer-text").last).to_have_text("One")
    notice(page).get_by_role("button", name="Keep it as a new one").click()
    answer.allow()
    link = page.get_by_role("link", name="First?")
    expect(link).to_be_visible()
    expect(notice(page)).to_have_count(0)
    page.reload()
    link.click()
    expect(page.locator(".answer-text").last).to_have_text("One two")


def test_a_conversation_that_another_window_has_deleted_is_not_brought_back(page: Page, window: Page) -> None:
    said(page, "First?")
    window.reload()
    delete(window, "First?")
    expect(window.get_by_role("link", name="First?")).to_have_count(0)
    said(page, "Second?")
    expect(notice(page)).to_contain_text(ELSEWHERE)
    page.reload()
    expect(page.get_by_text("Conversations are kept here.")).to_be_visible()
    expect(page.get_by_role("link", name="First?")).to_have_count(0)


def test_one_window_goes_on_with_its_conversation_as_often_as_it_likes(page: Page) -> None:
    assert [said(page, question) for question in ("First?", "Second?", "Third?")] == [200, 200, 200]
    page.reload()
    page.get_by_role("link", name="First?").click()
    expect(page.get_by_role("article", name="You")).to_have_count(3)
    assert said(page, "Fourth?") == 200


def test_a_list_of_conversations_that_comes_late_is_not_put_in_place_of_a_newer_one(page: Page) -> None:
    lists: list[Route] = []
    page.route("**/api/v1/history", lambda route: lists.append(route))
    page.reload()
    while not lists:
        page.wait_for_timeout(20)
    said(page, "Why?")
    while len(lists) < 2:
        page.wait_for_timeout(20)
    lists[1].continue_()
    expect(page.get_by_role("link", name="Why?")).to_be_visible()
    with page.expect_event("requestfinished", lambda request: request == lists[0].request):
        lists[0].fulfill(json={"conversations": []})
    page.evaluate("new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)))")
    expect(page.get_by_role("link", name="Why?")).to_be_visible()
