"""Makes the pictures of docs/page.md anew: `python -m tests.browser.pictures`.

Page and gateway are the real ones; what the models say is written here, and the run that is reported is made up.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.a_run import make_runs
from tests.browser.bedrock import ScriptedModels
from tests.browser.chromium import ARGUMENTS, chromium
from tests.browser.conftest import sign_in_silently
from tests.browser.deployment import page as serve_page
from tests.browser.deployment import prepare
from tests.browser.users import PAGE_HOST, UserPool
from twin.emulator import Emulator
from twin.processes.ports import free_port

IMAGES = Path(__file__).parents[2] / "docs" / "images"
TEXT = (
    "Creates a new version of the key policy document. The document replaces the one that is attached to the key, "
    "and takes effect at once for every principal that the policy names. A policy that would leave nobody able to "
    "change it again is refused, unless you pass BypassPolicyLockoutSafetyCheck. Requests that were signed before "
    "the change may still be judged by the former document for a few seconds, because policies are eventually "
    "consistent.\n\nTo use this operation you need kms:PutKeyPolicy in the policy that stands now."
)
SUMMARY = "Replaces the policy of a key, at once, and refuses one that would lock everybody out."
CHAT = (
    "**Scale to zero** means that the endpoint has no instance while nobody asks. Two things follow:\n\n"
    "1. Idle time costs nothing.\n2. The first request finds no model and gets a `503` with `Retry-After`.\n\n"
    "| | idle | first answer |\n|---|--:|--:|\n| serverless | $0 | seconds |\n"
    "| one instance | by the hour | at once |\n\n"
    "The page waits and goes on by itself."
)


def main() -> None:
    """Start everything, and take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    port, found = free_port(), chromium()
    with (
        tempfile.TemporaryDirectory() as scratch,
        Emulator(Path(scratch)) as emulator,
        ScriptedModels() as models,
        sync_playwright() as playwright,
    ):
        prepare(emulator)
        pool = UserPool(emulator)
        make_runs(emulator)
        browser = playwright.chromium.launch(
            executable_path=found.executable,
            args=[*ARGUMENTS, f"--host-resolver-rules=MAP {PAGE_HOST} 127.0.0.1:{port}"],
            env=dict(found.environment),
        )
        with serve_page(emulator, models.url, pool.config(), Path(scratch), port):
            _summarize(_opened(browser, pool, "light"), models)
            _chat(_opened(browser, pool, "dark"), models)
            _playground(_opened(browser, pool, "light"), models)
            _documents(_opened(browser, pool, "light"), models)
            _workflow(_opened(browser, pool, "light"))
            _phone(_opened(browser, pool, "light", (360, 740)), models)
        browser.close()


def _opened(
    browser: Browser, pool: UserPool, theme: Literal["light", "dark"], size: tuple[int, int] = (1180, 760)
) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
    )
    sign_in_silently(context, pool.somebody())
    page = context.new_page()
    page.goto(pool.page)
    expect(page.get_by_role("heading", name="Summarize", exact=True)).to_be_attached()
    return page


def _taken(page: Page, name: str) -> None:
    # Whose account it is says nothing to a reader.
    page.evaluate("document.querySelectorAll('.who').forEach((who) => (who.textContent = 'you@example.org'))")
    page.screenshot(path=IMAGES / f"{name}.png")
    page.context.close()


def _summarize(page: Page, models: ScriptedModels) -> None:
    models.say("tuned", *[f"{word} " for word in SUMMARY.split()])
    page.get_by_role("textbox", name="Text").fill(TEXT)
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()
    _taken(page, "page-summarize")


def _chat(page: Page, models: ScriptedModels) -> None:
    models.say("tuned", CHAT)
    page.get_by_role("link", name="Chat", exact=True).click()
    page.get_by_label("Message", exact=True).fill("What does scale to zero mean for an endpoint?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="What does scale to zero")).to_be_visible()
    _taken(page, "page-chat")


def _playground(page: Page, models: ScriptedModels) -> None:
    models.say("small", "It waits for the lock that another", " run holds.")
    models.say("large", "Another run holds the lock of the roll-out. It ends when that run", " ends, or after a day.")
    page.get_by_role("link", name="Playground", exact=True).click()
    for letter, model in (("A", "small"), ("B", "large")):
        page.get_by_label(f"Model {letter}").select_option(model)
    page.get_by_label("Question").fill("Why does the run wait before it deploys?")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Which answer is better?")).to_be_visible()
    page.set_viewport_size({"width": 1180, "height": 1000})
    _taken(page, "page-playground")


def _documents(page: Page, models: ScriptedModels) -> None:
    page.get_by_role("link", name="Documents", exact=True).click()
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill("Retention")
    page.get_by_label("Text", exact=True).fill(
        "Raw records are kept for ninety days. Quarantined records are kept for thirty days."
    )
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove Retention")).to_be_visible()
    models.say("tuned", "Raw records are kept for ninety days [1].")
    page.get_by_label("Question").fill("How long are raw records kept?")
    page.keyboard.press("Enter")
    expect(page.locator(".cited")).to_be_visible()
    _taken(page, "page-documents")


def _workflow(page: Page) -> None:
    page.get_by_role("link", name="Workflow", exact=True).click()
    expect(page.get_by_role("heading", name="The last run")).to_be_visible()
    page.set_viewport_size({"width": 1180, "height": 1000})
    _taken(page, "page-workflow")


def _phone(page: Page, models: ScriptedModels) -> None:
    models.refuse("tuned", 429, "ModelNotReadyException", times=2)
    page.goto(f"{page.url}#/chat")
    page.get_by_label("Message", exact=True).fill("What does scale to zero mean?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Trying again")).to_be_visible()
    _taken(page, "page-phone")


if __name__ == "__main__":
    main()
