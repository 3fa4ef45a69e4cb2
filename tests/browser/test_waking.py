"""A model that sleeps: the page says that it wakes, goes on by itself, and lets one stop waiting."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import ask_again, open_chat, wait_for_the_wait

ASLEEP = ("tuned", 429, "ModelNotReadyException")
LONG = "\n\n".join(["The agent restarts the task."] * 1000)


@pytest.fixture(autouse=True)
def in_chat(page: Page, address: str) -> None:
    page.clock.install()
    open_chat(page, address, "approved")
    # From here on time passes where a test says so: a count of seconds is read as it stands, however long that takes.
    page.clock.pause_at(page.evaluate("new Date(Date.now() + 60_000).toISOString()"))
    page.get_by_label("Message", exact=True).fill("Hello")


def test_the_page_waits_and_goes_on_by_itself(page: Page, models: ScriptedModels) -> None:
    models.refuse(*ASLEEP)
    models.say("tuned", "Awake", " now.")
    page.get_by_label("Message", exact=True).press("Enter")
    wait_for_the_wait(page)
    expect(page.locator(".waking")).to_contain_text("The model is not ready yet. The page asks again by itself.")
    expect(page.locator(".waking")).to_contain_text("Trying again in 10 s")
    expect(page.get_by_text("The model is waking", exact=True)).to_be_visible()
    assert len(models.asked) == 1
    ask_again(page)
    expect(page.locator(".answer-text")).to_have_text("Awake now.")
    expect(page.get_by_text("The page asks again by itself.")).to_be_hidden()


def test_a_model_that_is_known_to_sleep_is_called_so_before_and_while(page: Page, models: ScriptedModels) -> None:
    models.refuse(*ASLEEP, times=2)
    page.get_by_label("Message", exact=True).press("Enter")
    wait_for_the_wait(page)
    page.reload()
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("approved (fourfold/3) (asleep)")
    expect(page.get_by_text("Asleep: the first answer takes longer")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("Hello")
    page.get_by_label("Message", exact=True).press("Enter")
    wait_for_the_wait(page)
    expect(page.get_by_text("The model is waking", exact=True)).to_be_visible()


def test_a_first_word_that_takes_long_is_waited_for_with_the_seconds(page: Page, models: ScriptedModels) -> None:
    answer = models.hold("tuned", "Here.")
    page.get_by_label("Message", exact=True).press("Enter")
    assert answer.begun.wait(30)
    expect(page.get_by_text("Waiting for the first word…", exact=True)).to_be_visible()
    page.clock.run_for(7_000)
    expect(page.get_by_text("Waiting for the first word… 7 s", exact=True)).to_be_visible()
    answer.allow()
    expect(page.locator(".answer-text")).to_have_text("Here.")
    expect(page.get_by_text("Waiting for the first word")).to_be_hidden()


def test_waiting_can_be_stopped(page: Page, models: ScriptedModels) -> None:
    models.refuse(*ASLEEP)
    page.get_by_label("Message", exact=True).press("Enter")
    wait_for_the_wait(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.", exact=True).first).to_be_visible()
    page.clock.run_for(30_000)
    assert len(models.asked) == 1


def test_a_model_of_which_the_stream_itself_says_that_it_wakes_is_waited_for(
    page: Page, models: ScriptedModels
) -> None:
    detail = "The model is not ready yet."
    problem = {"title": "Service Unavailable", "status": 503, "detail": detail, "retry_after": 10}
    event = json.dumps({**problem, "error": {"message": detail, "type": "server_error"}})
    page.route(
        "**/api/v1/chat/completions",
        lambda route: route.fulfill(
            headers={"Content-Type": "text/event-stream; charset=utf-8"}, body=f": waiting\n\ndata: {event}\n\n"
        ),
        times=1,
    )
    models.say("tuned", "Awake", " now.")
    page.get_by_label("Message", exact=True).press("Enter")
    wait_for_the_wait(page)
    ask_again(page)
    expect(page.locator(".answer-text")).to_have_text("Awake now.")


def test_a_model_that_sleeps_is_waited_for_also_when_a_long_text_is_summarized_in_parts(
    page: Page, address: str, models: ScriptedModels
) -> None:
    page.goto(f"{address}/#/summarize")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    models.refuse("small", *ASLEEP[1:])
    page.get_by_role("textbox", name="Text").fill(LONG)
    page.keyboard.press("Control+Enter")
    wait_for_the_wait(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    for summary in ("It restarts.", "It tells.", "Both."):
        models.say("small", summary)
    ask_again(page)
    expect(page.locator(".answer-text")).to_have_text("Both.")
    expect(page.get_by_text("The page asks again by itself.")).to_be_hidden()


def test_the_seconds_of_a_part_are_those_since_it_began(page: Page, address: str, models: ScriptedModels) -> None:
    page.goto(f"{address}/#/summarize")
    page.get_by_text("Model and parameters").click()
    page.get_by_label("Model", exact=True).select_option("small")
    first, second = models.hold("small", "It restarts."), models.hold("small", "It tells.")
    page.get_by_role("textbox", name="Text").fill(LONG)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".working")).to_have_text(re.compile(r"^Part 1 of \d$"))
    page.clock.run_for(7_000)
    expect(page.locator(".working")).to_have_text(re.compile(r"^Part 1 of \d 7 s$"))
    first.allow()
    assert second.begun.wait(30)
    expect(page.locator(".working")).to_have_text(re.compile(r"^Part 2 of \d$"))
    second.allow()
    expect(page.locator(".answer-text")).to_contain_text("small was asked")


def test_a_model_that_sleeps_is_waited_for_also_when_the_passages_are_there_already(
    page: Page, address: str, models: ScriptedModels
) -> None:
    passage = {"document_id": "d", "name": "Handbook", "passage": 1, "text": "It is so.", "score": 0.9}
    problem = {"title": "Service Unavailable", "status": 503, "detail": "Not yet.", "retry_after": 10}
    answer = {"id": "r", "model": "small", "output": "It is.", "finish_reason": "stop", "citations": [1]}
    bodies = [
        [("passages", {"passages": [passage]}), ("error", problem)],
        [("passages", {"passages": [passage]}), ("done", {"passages": [passage], "answer": answer})],
    ]
    streams = ["".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in body) for body in bodies]
    page.route(
        "**/api/v1/search",
        lambda route: route.fulfill(headers={"Content-Type": "text/event-stream"}, body=streams.pop(0)),
    )
    page.goto(f"{address}/#/documents")
    page.get_by_label("Question").fill("Is it so?")
    page.get_by_label("Question").press("Enter")
    wait_for_the_wait(page, "Not yet.")
    expect(page.locator(".passages li")).to_be_visible()
    ask_again(page)
    expect(page.locator(".answer-text")).to_have_text("It is.")
