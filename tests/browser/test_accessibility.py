"""For everybody: no violation of axe in any view, theme or width; keyboard, screen reader, narrow screens, calm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.bedrock import ScriptedModels
from tests.browser.conftest import sign_in_silently, undisturbed
from tests.browser.users import UserPool

Theme = Literal["light", "dark"]
DESKTOP, PHONE = (1280, 860), (360, 740)
ANSWER = """It has **two** parts:

1. `one`
2. two

| a | b |
|---|---|
| 1 | 2 |

```
code
```

> quoted, see https://example.org"""


def summarize(page: Page) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_role("textbox", name="Text").fill("A text to summarize.")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Bad answer").click()


def chat(page: Page) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Message", exact=True).fill("Tell me.")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Good answer").click()


def playground(page: Page) -> None:
    page.get_by_label("Question").fill("Tell me.")
    page.locator("summary").get_by_text("Parameters").first.click()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Which answer is better?")).to_be_visible()


def documents(page: Page) -> None:
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill("Handbook")
    page.get_by_label("Text", exact=True).fill("Tell me: it is so.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove Handbook")).to_be_visible()
    page.get_by_label("Question").fill("Tell me: it is so?")
    page.keyboard.press("Enter")
    expect(page.locator(".passages li")).to_be_visible()


def feedback(page: Page) -> None:
    page.goto(page.url.replace("#/feedback", "#/chat"))
    page.get_by_label("Message", exact=True).fill("Tell me.")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Good answer").click()
    page.get_by_label("What was good about it?").fill("Short.")
    page.get_by_role("button", name="Send", exact=True).first.click()
    page.get_by_role("link", name="Feedback", exact=True).last.click()
    expect(page.get_by_role("button", name="Take back")).to_be_visible()


def workflow(page: Page) -> None:
    expect(page.get_by_role("heading", name="Before and after")).to_be_visible()


def usage(page: Page) -> None:
    expect(page.get_by_role("heading", name="Cap of today")).to_be_visible()


USED: dict[str, Callable[[Page], None]] = {
    "summarize": summarize,
    "chat": chat,
    "playground": playground,
    "documents": documents,
    "feedback": feedback,
    "workflow": workflow,
    "usage": usage,
}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", USED)
def test_a_view_in_use_has_no_violation_and_fits(
    browser: Browser,
    address: str,
    pool: UserPool,
    models: ScriptedModels,
    view: str,
    theme: Theme,
    size: tuple[int, int],
) -> None:
    for name in ("tuned", "small", "large"):
        models.say(name, ANSWER)
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    sign_in_silently(context, pool.somebody())
    page = context.new_page()
    with undisturbed(page):
        page.goto(f"{address}/#/{view}")
        USED[view](page)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], "it is wider than the screen"
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_the_menu_a_question_and_a_problem_have_none_either(
    browser: Browser, address: str, pool: UserPool, models: ScriptedModels, theme: Theme
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{address}/?error=access_denied")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert violations(page) == []
    sign_in_silently(context, pool.somebody())
    page.goto(f"{address}/#/chat")
    page.reload()
    page.get_by_role("button", name="Menu").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    models.refuse("tuned", 400, "ValidationException")
    page.get_by_label("Message", exact=True).fill("Tell me.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_text("Conversations", exact=True).click()
    page.get_by_role("button", name="Delete “Tell me.”").click()
    assert violations(page) == []
    context.close()


def test_the_theme_is_switched_and_kept_and_forgotten_where_it_is_the_systems(page: Page) -> None:
    ground = (
        "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor"
    )
    light = page.evaluate(ground)
    page.get_by_role("button", name="Use the dark theme").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Use the light theme")).to_be_visible()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Use the light theme").click()
    assert page.evaluate("localStorage.length") == 0
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == dark


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText.trim()")
    )


def test_a_conversation_by_keyboard_alone(page: Page, models: ScriptedModels) -> None:
    models.say("tuned", "Because.")
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    while focused(page) != "Chat":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("Why?")
    page.keyboard.press("Enter")
    expect(page.locator(".answer-text")).to_have_text("Because.")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    while focused(page) != "Bad answer":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What was wrong with it?")).to_be_focused()
    page.keyboard.type("Too short.")
    while focused(page) != "Send":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_contain_text("Thank you. Only your rating is kept.")


def test_the_menu_of_a_narrow_screen_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Menu").press("Enter")
    menu = page.get_by_role("dialog", name="Menu")
    for _ in range(20):
        page.keyboard.press("Tab")
        assert menu.evaluate(
            "menu => menu.contains(document.activeElement) || document.activeElement === document.body"
        )
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_a_screen_reader_hears_an_answer_once_it_is_there_and_not_word_by_word(
    page: Page, address: str, models: ScriptedModels
) -> None:
    page.goto(f"{address}/#/chat")
    page.evaluate(
        """() => {
          window.said = [];
          const region = document.getElementById("announcer");
          const heard = () => region.textContent && window.said.push(region.textContent);
          new MutationObserver(heard).observe(region, { childList: true });
        }"""
    )
    answer = models.hold("tuned", *[f"{number} " for number in range(30)])
    page.get_by_label("Message", exact=True).fill("Count.")
    page.keyboard.press("Enter")
    for number in range(30):
        answer.allow()
        expect(page.locator(".answer-text")).to_contain_text(str(number))
        if number % 10 == 5:
            page.wait_for_timeout(300)  # long enough for a region that is told of each word to speak
    expect(page.locator("#announcer")).to_contain_text("Answer: 0 1 2")
    assert len(page.evaluate("window.said")) == 1
    live = page.evaluate(
        "document.querySelector('.answer-text').closest('[aria-live], [role=status], [role=log], [role=alert]')"
    )
    assert live is None, "each word would be read out"


def test_nothing_moves_for_those_who_asked_for_calm(page: Page, address: str, models: ScriptedModels) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}/#/chat")
    answer = models.hold("tuned", "One", " two")
    page.get_by_label("Message", exact=True).fill("Count.")
    page.keyboard.press("Enter")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("One")
    moving = "document.getAnimations().filter(({ playState }) => playState === 'running').length"
    assert page.evaluate(moving) == 0
    answer.allow()
