"""Views that are loaded when they are first shown, also where they cannot be."""

from __future__ import annotations

from playwright.sync_api import Page, expect

FAIL_ONCE = """() => {
  const make = document.createElement;
  document.createElement = () => {
    document.createElement = make;
    throw new Error("The first element cannot be made.");
  };
}"""


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


def test_a_view_that_comes_on_a_second_try_takes_the_place_of_what_said_that_it_did_not(
    page: Page, address: str
) -> None:
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.evaluate(FAIL_ONCE)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_text("Usage could not be loaded")).to_be_visible()
    page.goto(f"{address}/#/usage/again")
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    expect(page.get_by_text("Usage could not be loaded")).to_have_count(0)


def test_the_menu_closes_also_on_a_link_to_what_is_shown_already(page: Page, address: str) -> None:
    page.goto(f"{address}/#/summarize")
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("dialog", name="Menu")
    menu.get_by_role("link", name="Summarize", exact=True).click()
    expect(menu).to_be_hidden()
