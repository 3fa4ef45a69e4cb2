"""Views that are loaded when they are first shown, also where they cannot be."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_view_that_cannot_be_loaded_says_so_and_is_tried_again(page: Page, address: str) -> None:
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("link", name="Usage", exact=True).click()
    problem = page.get_by_role("main").get_by_role("alert")
    expect(problem).to_contain_text("Usage could not be loaded")
    expect(page.get_by_role("heading", name="Summarize")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    expect(problem).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    assert page.url == f"{address}/#/usage"


def test_who_goes_back_to_a_view_that_is_there_already_finds_it(page: Page) -> None:
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_text("Usage could not be loaded")).to_be_visible()
    page.get_by_role("link", name="Summarize", exact=True).click()
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_text("could not be loaded").or_(page.get_by_role("heading", name="Usage"))).to_be_visible()
