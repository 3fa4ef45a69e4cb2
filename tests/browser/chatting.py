"""What somebody does in the chat of the page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def open_chat(page: Page, address: str, model: str = "small") -> None:
    """Open a chat with a model."""
    page.goto(f"{address}/#/chat")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option(model)


def ask(page: Page, text: str) -> None:
    """Send a message."""
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def wait_for_the_wait(page: Page, problem: str = "The model is not ready yet.") -> None:
    """Wait until the page tells that it waits for this, on a clock that stands still.

    Of what is busy for a moment, as a table may be on a machine that does other things, it tells the same way, and asks
    again by itself: then its clock is led up to there.
    """
    waking = page.locator(".waking")
    while True:
        expect(waking).to_contain_text(re.compile(r"Trying again in \d+ s"))
        told = waking.inner_text()
        if problem in told:
            return
        assert "is busy" in told or "cannot be looked up now" in told, told
        page.clock.run_for(31_000)


def ask_again(page: Page) -> None:
    """Lead the page's clock to the next try, and let it go from there."""
    page.clock.run_for(11_000)
    page.clock.resume()
