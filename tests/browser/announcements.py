"""What a screen reader is told: the announcer, written down."""

from __future__ import annotations

from playwright.sync_api import Page

LISTEN = """() => {
  window.said = [];
  const region = document.getElementById("announcer");
  const heard = () => region.textContent && window.said.push(region.textContent);
  new MutationObserver(heard).observe(region, { childList: true });
}"""


def said(page: Page) -> list[str]:
    heard: list[str] = page.evaluate("window.said")
    return heard


def wait_to_hear(page: Page, words: str) -> None:
    page.wait_for_function("words => window.said.some((one) => one.includes(words))", arg=words)
