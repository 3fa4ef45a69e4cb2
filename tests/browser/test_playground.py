"""Playground: the same question to several models, each with what it takes, told apart by figures, and judged."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bedrock import ScriptedModels
from tests.browser.deployment import learned
from twin.emulator import Emulator


@pytest.fixture(autouse=True)
def in_playground(page: Page, address: str) -> None:
    page.goto(f"{address}/#/playground")


def column(page: Page, letter: str, model: str) -> Locator:
    found = page.get_by_role("region", name=f"Answer {letter}")
    found.get_by_label(f"Model {letter}").select_option(model)
    return found


def ask(page: Page, question: str = "Why?") -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Run").click()


def test_answers_stand_side_by_side_with_their_figures(page: Page, models: ScriptedModels) -> None:
    first, second = column(page, "A", "small"), column(page, "B", "large")
    models.say("small", "Because.")
    models.say("large", "It", " depends.")
    ask(page)
    expect(first.locator(".answer-text")).to_have_text("Because.")
    expect(second.locator(".answer-text")).to_have_text("It depends.")
    expect(second.get_by_text("12 in, 2 out")).to_be_visible()
    # 12 tokens at $1 and 2 at $4 a million
    expect(second.get_by_text("$0.00002")).to_be_visible()
    for figure in ("First token", "Whole"):
        expect(first.get_by_text(figure)).to_be_visible()


def test_each_model_is_asked_at_once_and_stop_ends_them_all(page: Page, models: ScriptedModels) -> None:
    column(page, "A", "small")
    column(page, "B", "large")
    answers = [models.hold(name, "One", " two") for name in ("small", "large")]
    ask(page)
    assert all(answer.begun.wait(30) for answer in answers)
    page.get_by_role("button", name="Stop all").click()
    assert all(answer.left.wait(30) for answer in answers)


def test_a_model_that_is_taken_out_writes_no_further_and_the_other_does(page: Page, models: ScriptedModels) -> None:
    first = column(page, "A", "small")
    column(page, "B", "large")
    kept, gone = models.hold("small", "One", " two"), models.hold("large", "One", " two")
    ask(page)
    assert all(answer.begun.wait(30) for answer in (kept, gone))
    page.get_by_role("button", name="Remove B").click()
    assert gone.left.wait(30)
    kept.allow(2)
    expect(first.get_by_role("button", name="Copy answer A")).to_be_visible()
    expect(first.locator(".answer-text")).to_have_text("One two")


def test_columns_begin_with_different_models_and_two_that_are_the_same_are_told(page: Page) -> None:
    page.get_by_role("button", name="Compare with another").click()
    asked = [page.get_by_label(f"Model {letter}") for letter in "ABC"]
    for select, name in zip(asked, ("approved", "small", "large"), strict=True):
        expect(select).to_have_value(name)
    alike = page.get_by_text("Two of these are the same model")
    expect(alike).to_be_hidden()
    asked[2].select_option("small")
    expect(alike).to_be_visible()
    page.get_by_role("button", name="Remove B").click()
    expect(alike).to_be_hidden()


def test_one_model_that_is_compared_with_itself_is_told_and_that_none_is_approved(page: Page) -> None:
    listed = [{"id": "approved", "fourfold": {"state": "not_approved"}}, {"id": "small", "fourfold": {}}]
    page.route("**/api/v1/models", lambda route: route.fulfill(json={"object": "list", "data": listed}))
    page.reload()
    expect(page.get_by_text("There is one model only, compared with itself")).to_be_visible()
    expect(page.get_by_text("The workflow has approved no model yet").first).to_be_visible()


def test_three_are_the_most_and_each_but_the_first_can_go(page: Page) -> None:
    page.get_by_role("button", name="Compare with another").click()
    expect(page.get_by_role("button", name="Compare with another")).to_be_hidden()
    page.get_by_role("button", name="Remove B").click()
    expect(page.get_by_role("region", name="Answer B")).to_have_count(0)
    expect(page.get_by_role("region", name="Answer C")).to_be_visible()
    expect(page.get_by_role("button", name="Remove A")).to_have_count(0)


def test_a_model_shows_the_parameters_that_it_takes(page: Page) -> None:
    first = column(page, "A", "plain")
    first.get_by_text("Parameters").click()
    expect(first.get_by_label("Temperature")).to_have_count(0)
    expect(first.get_by_label("Most tokens")).to_be_visible()
    first.get_by_label("Model A").select_option("small")
    expect(first.get_by_label("Temperature")).to_be_visible()


def test_what_was_set_reaches_the_model(page: Page, models: ScriptedModels) -> None:
    page.get_by_role("button", name="Remove B").click()
    first = column(page, "A", "small")
    first.get_by_text("Parameters").click()
    first.get_by_label("Temperature").fill("0.3")
    first.get_by_label("Most tokens").fill("7")
    page.get_by_label("Instruction").fill("Be brief.")
    ask(page)
    expect(first.locator(".answer-text")).to_contain_text("small was asked")
    [(_, body)] = models.asked
    assert body["inferenceConfig"] == {"maxTokens": 7, "temperature": 0.3}
    assert body["system"] == [{"text": "Be brief."}]


@pytest.mark.parametrize(("field", "value"), [("Temperature", "1.5"), ("Most tokens", "513"), ("Most tokens", "0")])
def test_a_value_out_of_the_models_bounds_is_not_sent(
    page: Page, models: ScriptedModels, field: str, value: str
) -> None:
    first = column(page, "A", "small")
    first.get_by_text("Parameters").click()
    first.get_by_label(field).fill(value)
    ask(page)
    assert first.get_by_label(field).evaluate("input => !input.validity.valid")
    expect(first.get_by_label(field)).to_be_focused()
    assert models.asked == []


def test_a_vote_becomes_a_pair_of_a_preferred_and_a_rejected_answer(
    page: Page, models: ScriptedModels, emulator: Emulator
) -> None:
    before = set(learned(emulator))
    column(page, "A", "small")
    column(page, "B", "large")
    models.say("small", "Because of the lock.")
    models.say("large", "No idea.")
    ask(page, "Why does it wait?")
    page.get_by_label("may be used to train models").check()
    page.get_by_role("button", name="A is better").click()
    expect(page.get_by_role("main").get_by_text("A is kept as the better answer")).to_be_visible()
    [line] = set(learned(emulator)) - before
    record = json.loads(line)
    assert [message["content"] for message in record["messages"]] == ["Why does it wait?", "Because of the lock."]
    assert record["rejected"] == "No idea."


def test_a_vote_without_consent_is_learned_from_by_nobody(
    page: Page, models: ScriptedModels, emulator: Emulator
) -> None:
    before = set(learned(emulator))
    column(page, "A", "small")
    column(page, "B", "large")
    ask(page, "Why does it wait?")
    page.get_by_role("button", name="B is better").click()
    expect(page.get_by_role("main").get_by_text("Only a good rating of B's model is kept")).to_be_visible()
    assert set(learned(emulator)) == before
