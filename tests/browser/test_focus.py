"""Where the focus goes when what has it is removed, hidden or drawn anew: never to nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat

TEXT = "The agent restarts the task when its container has stopped."


def confirm(page: Page, action: str) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=action).press("Enter")


def go_to(page: Page, view: str) -> None:
    page.get_by_role("link", name=view, exact=True).first.click()
    expect(page.get_by_role("heading", name=view, exact=True)).to_be_visible()


def paste_document(page: Page, name: str) -> None:
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Text", exact=True).fill(f"{name}: {TEXT}")
    page.get_by_role("button", name="Add", exact=True).press("Enter")


def add_document(page: Page, name: str) -> None:
    paste_document(page, name)
    expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()


def test_after_a_document_is_pasted_it_is_where_the_next_one_begins(page: Page) -> None:
    go_to(page, "Documents")
    add_document(page, "First")
    expect(page.locator("summary").filter(has_text="Or paste a text")).to_be_focused()


def test_while_a_document_is_added_it_stays_on_the_button(page: Page) -> None:
    go_to(page, "Documents")
    page.route("**/api/v1/documents", lambda route: route.fulfill(status=502, json={"detail": "Not now."}))
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill("First")
    page.get_by_label("Text", exact=True).fill(TEXT)
    add = page.get_by_role("button", name="Add", exact=True)
    add.press("Enter")
    expect(page.get_by_text("The text was not added")).to_be_visible()
    expect(add).to_be_focused()


def test_after_a_document_is_removed_it_is_at_its_neighbour_and_at_last_at_the_heading(page: Page) -> None:
    go_to(page, "Documents")
    for name in ("First", "Second"):
        add_document(page, name)
    for name in ("First", "Second"):
        page.get_by_role("button", name=f"Remove {name}").press("Enter")
        confirm(page, "Remove")
        expect(page.get_by_role("button", name=f"Remove {name}")).to_have_count(0)
        if name == "First":
            expect(page.get_by_role("button", name="Remove Second")).to_be_focused()
    expect(page.get_by_role("heading", name="Your documents")).to_be_focused()


def test_after_a_question_it_is_back_at_its_document_also_where_the_list_was_drawn_anew_meanwhile(page: Page) -> None:
    held: list[Route] = []
    go_to(page, "Documents")
    add_document(page, "First")
    page.route(
        "**/api/v1/documents",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    paste_document(page, "Second")
    page.get_by_role("button", name="Remove First").press("Enter")
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Remove Second", include_hidden=True)).to_have_count(1)
    confirm(page, "Keep")
    expect(page.get_by_role("button", name="Remove First")).to_be_focused()


def test_after_feedback_is_taken_back_it_is_at_its_neighbour_and_at_last_at_the_heading(
    page: Page, address: str
) -> None:
    open_chat(page, address)
    for number in (1, 2):
        ask(page, f"Question {number}?")
        page.get_by_role("button", name="Good answer").nth(number - 1).click()
        page.get_by_role("button", name="Send", exact=True).first.click()
        expect(page.get_by_text("Thank you. It is kept under")).to_have_count(number)
    go_to(page, "Feedback")
    take_back = page.get_by_role("main").get_by_role("button", name="Take back")
    expect(take_back).to_have_count(2)
    for left in (1, 0):
        take_back.first.press("Enter")
        confirm(page, "Take back")
        expect(take_back).to_have_count(left)
        if left:
            expect(take_back).to_be_focused()
    expect(page.get_by_role("heading", name="Feedback", exact=True)).to_be_focused()


def summarize(page: Page) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.get_by_role("button", name="Summarize").press("Enter")


def ask_documents(page: Page) -> None:
    go_to(page, "Documents")
    add_document(page, "Handbook")
    page.get_by_label("Model", exact=True).select_option("small")
    page.get_by_label("Question").fill(TEXT)
    page.get_by_role("button", name="Ask", exact=True).press("Enter")


def compare(page: Page) -> None:
    go_to(page, "Playground")
    for letter in ("A", "B"):
        page.get_by_role("combobox", name=f"Model {letter}").select_option("small")
    page.get_by_label("Question").fill("Why?")
    page.get_by_role("button", name="Run").press("Enter")


@pytest.mark.parametrize(
    ("begin", "stop", "start"),
    [(summarize, "Stop", "Summarize"), (ask_documents, "Stop", "Ask"), (compare, "Stop all", "Run")],
    ids=["summarize", "documents", "playground"],
)
def test_after_stop_it_is_where_one_begins_anew(
    page: Page, models: ScriptedModels, begin: Callable[[Page], None], stop: str, start: str
) -> None:
    for _ in range(2):
        models.hold("small", "One", " two")
    begin(page)
    page.get_by_role("button", name=stop, exact=True).press("Enter")
    expect(page.get_by_role("button", name=start, exact=True)).to_be_focused()


@pytest.mark.parametrize(
    ("begin", "start"), [(summarize, "Summarize"), (ask_documents, "Ask")], ids=["summarize", "documents"]
)
def test_after_try_again_it_is_on_stop_and_then_where_one_begins_anew(
    page: Page, models: ScriptedModels, begin: Callable[[Page], None], start: str
) -> None:
    page.route("**/api/v1/{summarize,search}", lambda route: route.abort(), times=1)
    answer = models.hold("small", "Because.")
    begin(page)
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("Because.")
    expect(page.get_by_role("button", name=start, exact=True)).to_be_focused()


@pytest.mark.parametrize(
    ("view", "route", "heading"),
    [
        ("Documents", "documents", "Your documents"),
        ("Feedback", "feedback", "Feedback"),
        ("Usage", "usage", "Usage"),
    ],
)
def test_after_a_list_is_read_on_a_second_try_it_is_at_its_heading(
    page: Page, view: str, route: str, heading: str
) -> None:
    page.route(f"**/api/v1/{route}", lambda it: it.fulfill(status=502, json={"detail": "Not now."}))
    go_to(page, view)
    again = page.get_by_role("main").get_by_role("button", name="Try again")
    again.evaluate("button => button.classList.add('former')")
    again.press("Enter")
    expect(page.locator("button:not(.former)", has_text="Try again")).to_be_focused()
    page.unroute(f"**/api/v1/{route}")
    again.press("Enter")
    expect(again).to_have_count(0)
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_focused()


def test_with_as_many_columns_as_there_may_be_it_is_in_the_last(page: Page) -> None:
    go_to(page, "Playground")
    page.get_by_role("button", name="Compare with another").press("Enter")
    expect(page.get_by_role("combobox", name="Model C")).to_be_focused()


def test_a_parameter_keeps_it_when_the_models_are_listed_anew(page: Page) -> None:
    # Of a model that is not known to sleep, the list is read again at each wait.
    not_yet = {"status": 503, "headers": {"Retry-After": "10"}, "json": {"status": 503, "detail": "Not yet."}}
    page.route("**/api/v1/summarize", lambda route: route.fulfill(**not_yet))
    page.clock.install()
    page.clock.pause_at(page.evaluate("new Date(Date.now() + 60_000).toISOString()"))
    summarize(page)
    wait = page.get_by_text("Trying again in 10 s")
    expect(wait).to_be_visible()
    temperature = page.get_by_label("Temperature")
    temperature.focus()
    with page.expect_response("**/api/v1/models"):
        page.clock.run_for(10_500)
    expect(wait).to_be_visible()
    expect(temperature).to_be_focused()
