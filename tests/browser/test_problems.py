"""What goes wrong is shown whole: what, which fields, when it passes, and the id to quote."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from lambdas.gateway.models.chain import MOST_TRIES, THROTTLED
from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    open_chat(page, address)


def test_a_refused_request_shows_its_fields_and_its_id(page: Page) -> None:
    temperature = page.get_by_label("Temperature")
    temperature.evaluate("input => input.removeAttribute('max')")
    temperature.fill("7")
    ask(page, "Hello")
    problem = page.get_by_role("alert")
    expect(problem.get_by_text("The request cannot be answered as it is")).to_be_visible()
    expect(problem.locator("code").first).to_have_text("temperature")
    expect(problem.get_by_text("number from 0 to 1")).to_have_count(1)
    expect(problem.get_by_text(re.compile(r"^Request [0-9a-f-]{36}$"))).to_be_visible()
    # It would be refused the next time too.
    expect(problem.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_busy_model_is_said_and_can_be_asked_again(page: Page, models: ScriptedModels) -> None:
    models.refuse("small", 429, "ThrottlingException", times=MOST_TRIES[THROTTLED])
    ask(page, "Hello")
    expect(page.get_by_role("alert").get_by_text("The model is busy.")).to_be_visible()
    models.say("small", "Here I am.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer-text")).to_have_text("Here I am.")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_answer_that_breaks_off_keeps_what_came(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "One", None)
    ask(page, "Count.")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    answer.allow()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".answer-text")).to_have_text("One")


def test_without_a_connection_the_page_says_so(page: Page) -> None:
    page.context.set_offline(True)
    ask(page, "Hello")
    expect(page.get_by_role("alert").get_by_text("No connection")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer-text")).to_contain_text("small was asked")
