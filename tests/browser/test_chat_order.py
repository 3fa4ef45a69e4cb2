"""Chat, whose reader does not wait: another conversation, question or deletion in the midst of an answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask

TURNS = re.compile(r"/history/")


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    page.goto(f"{address}/#/chat")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    page.get_by_text("Model and parameters").click()


def begin_new(page: Page) -> None:
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()


def hold(page: Page, address: re.Pattern[str], method: str) -> list[Route]:
    """Keep the answers to these requests back, until their routes are continued."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route) if route.request.method == method else route.fallback())
    return held


def wait_for(page: Page, held: list[Route], count: int) -> None:
    while len(held) < count:
        page.wait_for_timeout(20)


def asked_last(models: ScriptedModels) -> list[str]:
    return [message["content"][0]["text"] for message in models.asked[-1][1]["messages"]]


def test_a_new_chat_in_the_midst_of_an_answer_begins_with_nothing(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "First?")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    begin_new(page)
    expect(page.get_by_role("link", name="First?")).to_be_visible()
    ask(page, "Second?")
    expect(page.locator(".answer-text")).to_contain_text("Second?")
    assert asked_last(models) == ["Second?"]


def test_a_question_in_the_midst_of_an_answer_ends_it_and_what_came_is_kept(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "First?")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    ask(page, "Second?")
    assert answer.left.wait(30)
    expect(page.get_by_text("Stopped. What came is kept.")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.locator(".answer-text").last).to_contain_text("Second?")
    assert asked_last(models) == ["First?", "One", "Second?"]
    expect(page.get_by_role("link", name="First?")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="First?").click()
    expect(page.locator(".answer-text")).to_have_text(["One", re.compile("Second?")])


def test_a_question_before_the_first_word_of_an_answer_ends_it_and_leaves_nothing(
    page: Page, models: ScriptedModels
) -> None:
    answer = models.hold("small", "One")
    ask(page, "First?")
    assert answer.begun.wait(30)
    ask(page, "Second?")
    assert answer.left.wait(30)
    expect(page.locator(".answer-text")).to_contain_text("Second?")
    expect(page.get_by_role("article", name="You")).to_have_text(["First?", "Second?"])
    expect(page.get_by_role("article", name="Answer")).to_have_count(1)


def test_a_question_that_is_refused_in_the_midst_of_an_answer_leaves_it(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", " two")
    ask(page, "First?")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Temperature").fill("7")
    ask(page, "Second?")
    expect(page.get_by_label("Temperature")).to_be_focused()
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One two")
    expect(page.get_by_label("Message", exact=True)).to_have_value("Second?")


def test_a_conversation_that_is_deleted_in_the_midst_of_an_answer_stays_deleted(
    page: Page, models: ScriptedModels
) -> None:
    ask(page, "First?")
    link = page.get_by_role("link", name="First?")
    expect(link).to_be_visible()
    answer = models.hold("small", "One", " two")
    ask(page, "Second?")
    answer.allow()
    expect(page.locator(".answer-text").last).to_have_text("One")
    page.get_by_role("button", name="Delete “First?”").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()
    assert answer.left.wait(30)
    ask(page, "Third?")
    expect(page.get_by_role("link", name="Third?")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Third?")).to_be_visible()
    expect(link).to_have_count(0)


def test_of_two_conversations_the_one_that_was_chosen_last_is_shown(page: Page) -> None:
    for question in ("First?", "Second?"):
        ask(page, question)
        expect(page.get_by_role("link", name=question)).to_be_visible()
        begin_new(page)
    held = hold(page, TURNS, "GET")
    for number, question in enumerate(("First?", "Second?"), start=1):
        page.get_by_role("link", name=question).click()
        wait_for(page, held, number)
    held[1].continue_()
    expect(page.get_by_role("article", name="You")).to_have_text("Second?")
    held[0].continue_()
    # The next answer comes after that one, and must stand in the conversation that is shown.
    ask(page, "Third?")
    expect(page.locator(".answer-text").last).to_contain_text("Third?")
    expect(page.get_by_role("article", name="You")).to_have_text(["Second?", "Third?"])


def opened_slowly(page: Page) -> list[Route]:
    """Begin to open a former conversation, which comes when a test lets it."""
    ask(page, "First?")
    expect(page.get_by_role("link", name="First?")).to_be_visible()
    begin_new(page)
    held = hold(page, TURNS, "GET")
    page.get_by_role("link", name="First?").click()
    wait_for(page, held, 1)
    return held


def test_a_message_waits_for_the_conversation_that_is_being_opened(page: Page, models: ScriptedModels) -> None:
    held = opened_slowly(page)
    ask(page, "Second?")
    notice = page.get_by_text("The conversation is being opened.")
    expect(notice).to_be_visible()
    held[0].continue_()
    expect(page.get_by_role("article", name="You")).to_have_text("First?")
    expect(notice).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Second?")
    page.get_by_label("Message", exact=True).press("Enter")
    expect(page.locator(".answer-text").last).to_contain_text("Second?")
    assert asked_last(models)[0::2] == ["First?", "Second?"]


def test_what_an_edit_leaves_behind_is_not_kept(page: Page, models: ScriptedModels) -> None:
    kept: list[str] = []
    page.on("request", lambda sent: kept.append(sent.post_data or "") if sent.method == "PUT" else None)
    answer = models.hold("small", "One", " two")
    ask(page, "First?")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Edit the message").fill("Other?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Other?")).to_be_visible()
    assert [("First?" in body, "Other?" in body) for body in kept] == [(False, True)]


def test_a_message_is_not_lost_to_a_parameter_that_is_out_of_bounds(page: Page, models: ScriptedModels) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Temperature").fill("7")
    page.get_by_text("Model and parameters").click()
    ask(page, "Why?")
    expect(page.get_by_label("Temperature")).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Why?")
    page.get_by_label("Temperature").fill("")
    page.get_by_label("Message", exact=True).press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("Why?")
    assert asked_last(models) == ["Why?"]


def test_who_asks_again_by_keyboard_goes_on_from_stop_and_then_from_the_message(
    page: Page, models: ScriptedModels
) -> None:
    ask(page, "Why?")
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    answer = models.hold("small", "One")
    page.get_by_role("button", name="Ask again").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    answer.allow()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_a_deletion_that_ends_late_leaves_its_reader_in_another_view(page: Page) -> None:
    ask(page, "First?")
    expect(page.get_by_role("link", name="First?")).to_be_visible()
    held = hold(page, TURNS, "DELETE")
    page.get_by_role("button", name="Delete “First?”").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    wait_for(page, held, 1)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#announcer")).to_contain_text("The conversation is deleted.")
    expect(page).to_have_url(re.compile("#/usage$"))
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.get_by_text("Ask the model something")).to_be_visible()


def test_a_conversation_that_comes_late_does_not_move_another_view(page: Page) -> None:
    held = opened_slowly(page)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    page.evaluate(
        "() => { const real = scrollTo; window.moved = [];"
        " window.scrollTo = (...to) => { moved.push(location.hash); real(...to); }; }"
    )
    with page.expect_response(TURNS):
        held[0].continue_()
    page.wait_for_function("new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(true))))")
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.get_by_role("article", name="You")).to_have_text("First?")
    assert "#/usage" not in page.evaluate("moved")


def test_a_conversation_that_could_not_be_opened_is_tried_again_by_its_link(page: Page) -> None:
    ask(page, "First?")
    link = page.get_by_role("link", name="First?")
    expect(link).to_be_visible()
    begin_new(page)
    page.route(TURNS, lambda route: route.abort(), times=1)
    link.click()
    expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
    link.click()
    expect(page.get_by_role("article", name="You")).to_have_text("First?")


@pytest.mark.parametrize("fails", [False, True])
def test_after_another_word_the_link_to_what_was_not_opened_leads_there(page: Page, fails: bool) -> None:
    ask(page, "First?")
    link = page.get_by_role("link", name="First?")
    expect(link).to_be_visible()
    begin_new(page)
    ask(page, "Second?")
    expect(page.get_by_role("link", name="Second?")).to_be_visible()
    held = hold(page, TURNS, "GET")
    link.click()
    wait_for(page, held, 1)
    if fails:
        held[0].abort()
        expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
        ask(page, "Third?")
    else:
        page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    expect(page).to_have_url(re.compile("#/chat$"))
    page.unroute(TURNS)
    link.click()
    expect(page.get_by_role("article", name="You")).to_have_text("First?")
