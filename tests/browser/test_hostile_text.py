"""Script in whatever is written or answered is shown as text: nothing of it runs, and nothing becomes markup."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask, open_chat

HOSTILE = (
    "<script>window.ran=1</script><img src=x onerror=window.ran=1><svg onload=window.ran=1>"
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe><a href='javascript:window.ran=1'>x</a>"
    "[y](javascript:window.ran=1) [z](data:text/html,<script>window.ran=1</script>)"
    " **\"'><b onmouseover=window.ran=1>**"
)


@pytest.fixture(autouse=True)
def nothing_runs(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))


MADE = "script, iframe, img, [onerror], [onload], [onmouseover], a[href^='javascript:'], a[href^='data:']"


def assert_it_is_text(page: Page) -> None:
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.locator("main").locator(MADE).count() == 0


def test_in_a_chat(page: Page, address: str, models: ScriptedModels) -> None:
    open_chat(page, address)
    models.say("small", HOSTILE)
    page.get_by_label("Instruction").fill(HOSTILE)
    ask(page, HOSTILE)
    expect(page.locator(".answer-text")).to_contain_text("<script>window.ran=1</script>")
    expect(page.locator(".bubble")).to_contain_text("<script>window.ran=1</script>")
    expect(page.locator(".history-title")).to_contain_text("<script>")
    assert_it_is_text(page)
    page.reload()
    page.locator(".history-title").click()
    expect(page.locator(".answer-text")).to_contain_text("<script>window.ran=1</script>")
    assert_it_is_text(page)


def test_in_a_summary_in_pieces(page: Page, models: ScriptedModels) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    models.say("small", *HOSTILE)
    page.get_by_role("textbox", name="Text").fill(HOSTILE)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".answer-text")).to_contain_text("<script>window.ran=1</script>")
    assert_it_is_text(page)


def test_in_a_comparison_and_what_is_said_of_it(page: Page, address: str, models: ScriptedModels) -> None:
    page.goto(f"{address}/#/playground")
    for letter, model in (("A", "small"), ("B", "large")):
        page.get_by_label(f"Model {letter}").select_option(model)
        models.say(model, HOSTILE + letter)
    page.get_by_label("Instruction").fill(HOSTILE)
    page.get_by_label("Question").fill(HOSTILE)
    page.get_by_role("button", name="Run").click()
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("main").get_by_text("A is kept as the better answer")).to_be_visible()
    assert_it_is_text(page)


def test_in_feedback(page: Page, address: str, models: ScriptedModels) -> None:
    page.goto(f"{address}/#/chat")
    page.get_by_label("Message", exact=True).fill("Why?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Good answer").click()
    page.get_by_label("What was good about it?").fill(HOSTILE)
    page.get_by_label("A better answer").fill(HOSTILE)
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="Send", exact=True).first.click()
    page.get_by_role("link", name="Feedback", exact=True).first.click()
    # The better answer, and what was good about the other.
    expect(page.get_by_text("<script>window.ran=1</script>")).to_have_count(2)
    assert_it_is_text(page)


def test_in_documents_and_their_names(page: Page, address: str, models: ScriptedModels) -> None:
    page.goto(f"{address}/#/documents")
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill(HOSTILE[:150])
    page.get_by_label("Text", exact=True).fill(f"Raw records are kept for ninety days. {HOSTILE}")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".document-name")).to_contain_text("<script>")
    models.say("tuned", HOSTILE + " [1]")
    page.get_by_label("Question").fill("How long are raw records kept?")
    page.keyboard.press("Enter")
    expect(page.locator(".passages blockquote")).to_contain_text("<script>")
    assert_it_is_text(page)


PROBLEM = {
    "title": HOSTILE,
    "status": 400,
    "detail": HOSTILE,
    "instance": f"urn:request:{HOSTILE}",
    "errors": [{"pointer": f"#/{HOSTILE}", "detail": HOSTILE}],
}
WORKFLOW = {
    "state_machine": HOSTILE,
    "executions": [{"run_id": HOSTILE, "status": HOSTILE, "started": HOSTILE, "stopped": HOSTILE}],
    "last": {
        "run_id": HOSTILE,
        "recorded_at": HOSTILE,
        "run": {"task": {"instruction": HOSTILE}, "metric": HOSTILE},
        "data": {"input": 2, "kept": 1, "splits": {HOSTILE: 1}, "rejected": {HOSTILE: 1}},
        "candidates": [{"index": 0, "model": HOSTILE, "strategy": HOSTILE, "value": 0.5}],
        "selection": {"reason": HOSTILE},
        "smoke_test": {"examples": [{"prompt": HOSTILE, "output": HOSTILE, "reference": HOSTILE}]},
        "approval": {"approved_by": HOSTILE},
    },
}


@pytest.mark.parametrize(
    ("route", "status", "body", "view"),
    [
        ("workflow", 200, WORKFLOW, "workflow"),
        ("workflow", 400, PROBLEM, "workflow"),
        ("models", 200, {"data": [{"id": HOSTILE, "fourfold": {"state": "asleep"}}]}, "playground"),
        ("usage", 400, PROBLEM, "usage"),
    ],
)
def test_in_what_the_service_says(page: Page, address: str, route: str, status: int, body: object, view: str) -> None:
    page.route(
        f"**/api/v1/{route}",
        lambda to: to.fulfill(status=status, body=json.dumps(body), content_type="application/json"),
    )
    page.goto("about:blank")
    page.goto(f"{address}/#/{view}")
    expect(page.get_by_role("main").get_by_text("<script>window.ran=1</script>").first).to_be_attached()
    assert_it_is_text(page)


def test_in_the_address(page: Page, address: str) -> None:
    page.goto("about:blank")
    page.goto(f"{address}/?error={HOSTILE}&error_description={HOSTILE}#/chat/{HOSTILE}")
    # Of a sign-in that nobody began, whoever made the link gets no word of theirs said.
    expect(page.get_by_role("alert")).to_contain_text("There is no such path")
    expect(page.get_by_role("alert")).not_to_contain_text("window.ran")
    assert_it_is_text(page)


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "trustedTypes.createPolicy('own', { createHTML: (text) => text })",
        "document.createElement('script').src = 'data:text/javascript,window.ran=1'",
        "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
    ],
)
def test_the_policy_refuses_what_the_page_never_does(context: BrowserContext, address: str, attempt: str) -> None:
    page = context.new_page()
    page.goto(address)
    with pytest.raises(Error, match=r"Trusted"):
        page.evaluate(f"() => {{ {attempt} }}")
