"""Somebody signs in at the deployed page with a real browser and chats with a model: every part is the deployed one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, chromium
from tests.browser.conftest import undisturbed
from tests.twin.end_to_end.deployed import Deployed
from twin.run.page import deployed_page, make_user

MODEL = "smollm2-135m-instruct"
EMAIL = "reader@example.com"
PATIENCE_MS = 120_000
"""The first question waits until the model is loaded."""


@pytest.fixture
def tab() -> Iterator[Page]:
    found = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.executable, args=ARGUMENTS, env=dict(found.environment)
        )
        opened = browser.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
        browser.close()


def test_a_user_signs_in_and_chats_at_the_deployed_page(deployed: Deployed, tab: Page) -> None:
    page = deployed_page(deployed.emulator, deployed.outputs)
    assert page is not None
    assert page.user_pool_id is not None
    password = make_user(deployed.emulator, page.user_pool_id, EMAIL)
    assert password is not None
    with undisturbed(tab):
        tab.goto(f"{page.url}#/chat")
        tab.get_by_role("button", name="Sign in").click()
        tab.locator("input[name=username]").fill(EMAIL)
        tab.locator("input[name=password]").fill(password)
        tab.locator("[type=submit]").click()
        tab.get_by_text("Model and parameters").click()
        tab.get_by_label("Model", exact=True).select_option(MODEL)
        tab.get_by_label("Message", exact=True).fill("Name a river.")
        tab.keyboard.press("Enter")
        answer = tab.get_by_role("article", name="Answer")
        expect(answer.get_by_role("button", name="Good answer")).to_be_visible(timeout=PATIENCE_MS)
        expect(answer.locator(".answer-text")).not_to_be_empty()
        expect(tab.get_by_text(EMAIL).first).to_be_visible()
