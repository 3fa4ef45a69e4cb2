"""Summarize: while one types, on pasting, out of a file; what is asked anew cancels what was asked before."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.deployment import LIMITS

TEXT = "The agent restarts the task when its container has stopped, and tells the operator of it."


@pytest.fixture(autouse=True)
def with_a_model(page: Page) -> None:
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")


def test_it_says_what_texts_are_summarized_for(page: Page) -> None:
    expect(page.get_by_text("The task: Summarize the text in one sentence.")).to_be_visible()


def test_a_summary_comes_while_one_types(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Restarts", " a stopped task.")
    page.get_by_role("textbox", name="Text").press_sequentially(TEXT)
    expect(page.locator(".answer-text")).to_have_text("Restarts a stopped task.")
    assert len(models.asked) == 1, "each stroke asked for a summary"
    assert TEXT in json.dumps(models.asked[0][1])


def test_typing_on_ends_the_former_summary_at_the_model(page: Page, models: ScriptedModels) -> None:
    former, now = models.hold("small", "Restarts"), models.say("small", "Restarts and tells.")
    page.get_by_role("textbox", name="Text").press_sequentially(TEXT)
    assert former.begun.wait(30)
    page.get_by_role("textbox", name="Text").press_sequentially(" Always.")
    assert former.left.wait(30)
    former.allow()
    expect(page.locator(".answer-text")).to_have_text("Restarts and tells.")
    assert (former.made, now.made) == ([], ["Restarts and tells."])


def test_too_little_is_not_summarized_by_itself(page: Page, models: ScriptedModels) -> None:
    page.get_by_role("textbox", name="Text").press_sequentially("Short.")
    page.wait_for_timeout(1500)
    assert models.asked == []
    page.keyboard.press("Control+Enter")
    expect(page.locator(".answer-text")).to_contain_text("small was asked")


def test_what_is_pasted_is_summarized_at_once(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Pasted.")
    page.evaluate("text => navigator.clipboard.writeText(text)", TEXT)
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Control+V")
    expect(page.locator(".answer-text")).to_have_text("Pasted.")


def test_what_is_pasted_does_not_wait_for_a_pause_in_typing(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Pasted.")
    page.clock.install()
    page.clock.pause_at(page.evaluate("new Date(Date.now() + 60_000).toISOString()"))
    page.evaluate("text => navigator.clipboard.writeText(text)", TEXT)
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    with page.expect_request("**/api/v1/summarize"):
        page.clock.run_for(100)  # of the page's own clock, which stands still otherwise


def test_a_parameter_out_of_its_bounds_is_told_and_takes_nobody_away_from_typing(
    page: Page, models: ScriptedModels
) -> None:
    models.say("small", "Restarts.")
    page.get_by_label("Temperature").fill("7")
    page.get_by_text("Model and parameters").click()
    text = page.get_by_role("textbox", name="Text")
    text.press_sequentially(TEXT)
    expect(page.get_by_text("A parameter is out of its bounds")).to_be_visible()
    expect(text).to_be_focused()
    expect(page.get_by_label("Temperature")).to_be_hidden()
    page.get_by_role("button", name="Summarize").click()
    expect(page.get_by_label("Temperature")).to_be_focused()
    page.get_by_label("Temperature").fill("0.7")
    text.press_sequentially(" ")
    text.press_sequentially("Always.")
    expect(page.locator(".answer-text")).to_have_text("Restarts.")
    expect(page.get_by_text("A parameter is out of its bounds")).to_be_hidden()


def test_without_the_tick_nothing_comes_until_it_is_asked_for(page: Page, models: ScriptedModels) -> None:
    page.get_by_label("While I type").uncheck()
    page.get_by_role("textbox", name="Text").press_sequentially(TEXT)
    page.wait_for_timeout(1500)
    assert models.asked == []
    page.get_by_role("button", name="Summarize").click()
    expect(page.locator(".answer-text")).to_contain_text("small was asked")


def drop(page: Page, *files: tuple[str, str, str], on: str = ".sheet.source") -> bool:
    """Drop files, each with its name, type and text; gives whether the browser would open them in the page's place."""
    left: bool = page.evaluate(
        """([files, on]) => {
          const dataTransfer = new DataTransfer();
          for (const [name, type, content] of files) dataTransfer.items.add(new File([content], name, { type }));
          const place = document.querySelector(on);
          const drag = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
          return ["dragenter", "dragover", "drop"].map((type) => place.dispatchEvent(drag(type))).at(-1);
        }""",
        [files, on],
    )
    return left


def test_a_file_that_is_dropped_is_read_and_summarized(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Dropped.")
    drop(page, ("page.html", "text/html", f"<style>p {{}}</style><p>{TEXT}</p>"))
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    expect(page.locator(".answer-text")).to_have_text("Dropped.")


def test_of_several_files_the_page_says_which_it_did_not_read(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Dropped.")
    drop(page, ("a.txt", "text/plain", TEXT), ("b.txt", "text/plain", "More."), ("c.txt", "text/plain", "Most."))
    expect(page.locator(".answer-text")).to_have_text("Dropped.")
    expect(page.get_by_role("alert")).to_have_text("One text at a time: b.txt, c.txt were not read.")
    drop(page, ("a.txt", "text/plain", TEXT))
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("place", ["h1", ".side", "body"])
def test_a_file_that_is_dropped_beside_its_place_leaves_the_page_as_it_is(page: Page, place: str) -> None:
    page.get_by_role("textbox", name="Text").fill(TEXT)
    assert not drop(page, ("a.txt", "text/plain", "Another text."), on=place)
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)


def test_a_file_is_chosen_as_well(page: Page, models: ScriptedModels) -> None:
    models.say("small", "Chosen.")
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Open a file").click()
    choosing.value.set_files({"name": "note.txt", "mimeType": "text/plain", "buffer": TEXT.encode()})
    expect(page.locator(".answer-text")).to_have_text("Chosen.")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.7", "a.pdf is a PDF. Add it under Documents, and ask it there."),
        ("a.png", b"\x89PNG", "a.png is not a text. Choose a text, Markdown or HTML file."),
        ("a.txt", b"\xff\xfe\x00", "a.txt is not in UTF-8. Save it as UTF-8 first."),
        ("a.txt", b"a" * 5_000_001, "a.txt has 5,000,001 bytes, and 5,000,000 are allowed."),
        ("a.txt", b"", "a.txt is empty."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    page: Page, models: ScriptedModels, name: str, content: bytes, said: str
) -> None:
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Open a file").click()
    choosing.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    expect(page.get_by_role("alert")).to_have_text(said)
    assert models.asked == []


def test_a_text_that_is_too_long_is_told_and_not_sent(page: Page, models: ScriptedModels) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "summarize" in request.url else None)
    most = LIMITS["text_characters"]
    page.get_by_label("While I type").uncheck()
    page.get_by_role("textbox", name="Text").fill("a" * (most + 3))
    expect(page.get_by_text(f"{most + 3:,} of {most:,} characters")).to_be_visible()
    expect(page.get_by_text("The text is too long by 3 characters.")).to_be_visible()
    page.get_by_role("button", name="Summarize").click()
    page.get_by_role("textbox", name="Text").fill(TEXT)
    expect(page.get_by_text("The text is too long")).to_be_hidden()
    assert sent == []
    page.get_by_role("button", name="Summarize").click()
    expect(page.locator(".answer-text")).to_contain_text("small was asked")


def test_nothing_of_a_text_stays_when_it_is_emptied(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "Restarts", " a task.")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.keyboard.press("Control+Enter")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("Restarts")
    page.get_by_role("textbox", name="Text").fill("")
    assert answer.left.wait(30)
    answer.allow()
    expect(page.get_by_role("region", name="Summary").locator(".sheet-body")).to_have_text("The summary appears here.")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_stop_ends_the_summary(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("small", "Restarts", " a task.")
    page.get_by_role("textbox", name="Text").fill(TEXT)
    page.keyboard.press("Control+Enter")
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("Restarts")
    page.get_by_role("button", name="Stop").click()
    assert answer.left.wait(30)
    answer.allow()
    expect(page.get_by_text("Stopped. What came is kept.")).to_be_visible()
    assert answer.made == ["Restarts"]


def test_a_long_text_is_summarized_in_parts_that_are_counted(page: Page, models: ScriptedModels) -> None:
    parts = [models.hold("small", f"Part {number}.") for number in range(1, 3)]
    page.get_by_role("textbox", name="Text").fill("\n\n".join([TEXT] * 400))
    page.keyboard.press("Control+Enter")
    progress = page.get_by_role("progressbar")
    assert parts[0].begun.wait(30)
    parts[0].allow()
    assert parts[1].begun.wait(30)
    expect(progress).to_be_visible()
    expect(page.get_by_text("Part 2 of 2")).to_be_visible()
    models.say("small", "Both.")
    parts[1].allow()
    expect(page.locator(".answer-text")).to_have_text("Both.")
    expect(progress).to_be_hidden()


@pytest.mark.parametrize(("length", "thumbs"), [(100_000, 1), (100_001, 0)])
def test_a_summary_has_thumbs_where_its_text_is_not_too_long_to_go_with_them(
    page: Page, length: int, thumbs: int
) -> None:
    done = {"id": "0f0e1a52-9b0c-4c1e-8a5d-3f5b7d1c2e4f", "model": "small", "output": "It is.", "finish_reason": "stop"}
    stream = {"headers": {"Content-Type": "text/event-stream"}, "body": f"event: done\ndata: {json.dumps(done)}\n\n"}
    page.route("**/api/v1/summarize", lambda route: route.fulfill(**stream))
    page.get_by_role("textbox", name="Text").fill("🦉" * length)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Copy the summary")).to_be_visible()
    good = page.get_by_role("button", name="Good answer")
    expect(good).to_have_count(thumbs)
    if thumbs:
        good.click()
        with page.expect_response(re.compile("/feedback$")) as kept:
            page.get_by_role("button", name="Send", exact=True).click()
        assert kept.value.ok
