"""What somebody does in the chat of the page."""

from __future__ import annotations

from playwright.sync_api import Page


def open_chat(page: Page, address: str, model: str = "small") -> None:
    """Open a chat with a model."""
    page.goto(f"{address}/#/chat")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option(model)


def ask(page: Page, text: str) -> None:
    """Send a message."""
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")
