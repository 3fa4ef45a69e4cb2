"""Usage: what was spent today, and the cap that ends it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat


def ask_in_chat(page: Page, address: str, model: str) -> None:
    open_chat(page, address, model)
    ask(page, "Hello")


def test_what_an_answer_took_is_shown_on_every_view_and_in_full_on_its_own(
    page: Page, address: str, models: ScriptedModels
) -> None:
    models.say("dear", "Hi.")
    # 12 tokens at $5,000 and 1 at $20,000 a million: more than the cap of 5 cents
    ask_in_chat(page, address, "dear")
    expect(page.get_by_text("$0.08 of $0.05 today").first).to_be_visible()
    page.get_by_role("link", name="Usage", exact=True).click()
    for name, value in (("Requests", "1"), ("Tokens in", "12"), ("Tokens out", "1"), ("Cost", "$0.08")):
        expect(page.locator(".tiles div").filter(has_text=name)).to_contain_text(value)
    expect(page.get_by_text("Until it lifts, what is paid by the token is refused.")).to_be_visible()


def test_a_request_beyond_the_cap_is_refused_and_told_when_it_lifts(
    page: Page, address: str, models: ScriptedModels
) -> None:
    models.say("dear", "Hi.")
    ask_in_chat(page, address, "dear")
    expect(page.locator(".answer-text")).to_have_text("Hi.")
    page.get_by_label("Message", exact=True).fill("And again")
    page.keyboard.press("Enter")
    problem = page.get_by_role("alert")
    expect(problem.get_by_text("Too Many Requests")).to_be_visible()
    expect(problem.get_by_text(re.compile(r"It goes on .*\d\d:\d\d\."))).to_be_visible()
    assert len(models.asked) == 1
