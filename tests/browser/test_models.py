"""The list of models on a page that stays open: read again, and without disturbing what is chosen or written."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat

NOTHING_APPROVED: dict[str, Any] = {"id": "approved", "fourfold": {"state": "not_approved"}}
APPROVED: dict[str, Any] = {"id": "approved", "fourfold": {"state": "ready", "label": "fourfold/3"}}
OFFERED: list[dict[str, Any]] = [
    {"id": "small", "fourfold": {"label": "small", "context_tokens": 8192}},
    {"id": "large", "fourfold": {"parameters": {"temperature": {"minimum": 0, "maximum": 1}}}},
]
LATER = "{ const real = Date.now; Date.now = () => real() + 60_000; }"


def list_models(page: Page, *models: dict[str, Any], fails: bool = False) -> None:
    """Let the gateway list these from now on."""

    def listed(route: Route) -> None:
        if fails:
            route.abort()
        else:
            route.fulfill(json={"object": "list", "data": list(models)})

    page.unroute("**/api/v1/models")
    page.route("**/api/v1/models", listed)


def test_a_model_that_is_approved_meanwhile_is_there_and_what_was_chosen_and_written_stays(
    page: Page, address: str
) -> None:
    list_models(page, NOTHING_APPROVED, *OFFERED)
    page.goto(f"{address}/#/summarize")
    page.reload()
    page.get_by_text("Model and parameters").click()
    chosen = page.get_by_label("Model", exact=True)
    expect(page.get_by_text("this one is offered beside it. Reads 8,192 tokens")).to_be_visible()
    chosen.select_option("large")
    page.get_by_label("Temperature").fill("0.3")
    page.get_by_label("While I type").uncheck()
    page.get_by_role("textbox", name="Text").fill("An owl is a bird.")
    list_models(page, APPROVED, *OFFERED)
    page.evaluate(LATER)
    page.get_by_role("link", name="Usage", exact=True).click()
    page.get_by_role("link", name="Summarize", exact=True).click()
    expect(chosen.locator("option")).to_have_text(["approved (fourfold/3)", "small", "large"])
    expect(chosen).to_have_value("large")
    expect(page.get_by_label("Temperature")).to_have_value("0.3")
    expect(page.get_by_role("textbox", name="Text")).to_have_value("An owl is a bird.")


def test_an_answer_says_which_model_of_its_name_wrote_it_and_that_it_has_no_price(
    page: Page, address: str, models: ScriptedModels
) -> None:
    open_chat(page, address, "approved")
    models.say("tuned", "It does.")
    ask(page, "Does it?")
    figures = page.locator(".figures")
    for figure in ("approved (fourfold/3)", "not priced"):
        expect(figures.get_by_text(figure, exact=True)).to_be_visible()
    kept = page.get_by_role("link", name="Does it?")
    expect(kept).to_be_visible()
    page.reload()
    kept.click()
    for figure in ("approved (fourfold/3)", "not priced"):
        expect(figures.get_by_text(figure, exact=True)).to_be_visible()


def test_a_list_that_did_not_come_is_asked_for_again_once_there_is_a_connection(page: Page, address: str) -> None:
    list_models(page, fails=True)
    page.goto(f"{address}/#/summarize")
    page.reload()
    page.get_by_text("Model and parameters").click()
    expect(page.get_by_text("The service did not answer.")).to_be_visible()
    list_models(page, APPROVED)
    page.context.set_offline(True)
    page.context.set_offline(False)
    expect(page.get_by_label("Model", exact=True)).to_have_value("approved")


def test_a_chosen_model_that_is_not_offered_for_a_while_is_chosen_again_once_it_is(page: Page, address: str) -> None:
    list_models(page, *OFFERED)
    page.goto(f"{address}/#/summarize")
    page.reload()
    page.get_by_text("Model and parameters").click()
    chosen = page.get_by_label("Model", exact=True)
    chosen.select_option("large")
    gone = page.get_by_text("large is not offered now")
    for offered, value, told in ((OFFERED[:1], "small", 1), (OFFERED, "large", 0)):
        list_models(page, *offered)
        page.evaluate(LATER)
        page.get_by_role("link", name="Usage", exact=True).click()
        page.get_by_role("link", name="Summarize", exact=True).click()
        expect(chosen.locator("option")).to_have_count(len(offered))
        expect(chosen).to_have_value(value)
        expect(gone).to_have_count(told)


def test_an_approved_model_that_picks_sentences_is_offered_to_summarize_and_nowhere_else(
    page: Page, address: str
) -> None:
    picks = {"id": "approved", "fourfold": {"kind": "extractive", "state": "ready", "label": "extractive"}}
    list_models(page, picks, *OFFERED)
    page.goto(f"{address}/#/chat")
    page.reload()
    page.get_by_text("Model and parameters").click()
    chosen = page.get_by_label("Model", exact=True)
    expect(chosen).to_have_value("small")
    expect(chosen.locator("option:disabled")).to_have_text("approved (extractive) (only summarizes)")

    page.get_by_role("link", name="Playground", exact=True).click()
    for letter, name in (("A", "small"), ("B", "large")):
        expect(page.get_by_label(f"Model {letter}")).to_have_value(name)

    page.get_by_role("link", name="Summarize", exact=True).click()
    page.get_by_text("Model and parameters").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("approved")

    list_models(page, picks)
    page.evaluate(LATER)
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.get_by_text("no other is offered: it only summarizes")).to_be_visible()
