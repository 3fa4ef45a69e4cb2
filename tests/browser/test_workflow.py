"""Workflow: the runs, as the state machine knows them, and the report of the last that finished."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.usefixtures("runs")


def test_runs_are_listed_with_their_states(page: Page, address: str) -> None:
    page.goto(f"{address}/#/workflow")
    rows = page.get_by_role("table").first.get_by_role("row")
    expect(rows.filter(has_text="run-3")).to_contain_text("succeeded")
    expect(rows.filter(has_text="run-4")).to_contain_text("running")


def test_while_the_first_run_goes_on_it_is_said_that_none_has_finished(page: Page, address: str) -> None:
    first = {"run_id": "run-1", "status": "RUNNING", "started": 1_700_000_000, "stopped": None}
    page.route(
        "**/api/v1/workflow",
        lambda route: route.fulfill(json={"state_machine": "s", "executions": [first], "last": None}),
    )
    page.goto(f"{address}/#/workflow")
    expect(page.get_by_text("No run has finished yet. What this one finds is shown here")).to_be_visible()


def test_the_last_run_that_finished_is_reported(page: Page, address: str) -> None:
    page.goto(f"{address}/#/workflow")
    report = page.get_by_role("region", name="The last run")
    for text in (
        "Summarize in one sentence.",
        "90 of 100 records were kept.",
        "near duplicate",
        "Approved automatically",
    ):
        expect(report.get_by_text(text).first).to_be_visible()
    expect(report.get_by_role("row").filter(has_text="small (zero-shot)")).to_contain_text("chosen")
    expect(report.get_by_role("row").filter(has_text="large (few-shot)")).to_contain_text("0.150")
    # A cost that hangs on how fast the answer came is no price.
    expect(report.get_by_role("row").filter(has_text="small (zero-shot)")).to_contain_text("$0.12 *")
    expect(report.get_by_role("row").filter(has_text="large (few-shot)")).not_to_contain_text("*")
    expect(report.get_by_text("* By the seconds that the run measured")).to_be_visible()
    expect(report.get_by_text("+0.160")).to_be_visible()
    expect(report.get_by_text("A <b>bold</b> text.")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_bar_is_filled_to_the_share_that_it_tells(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{address}/#/workflow")
    bars = page.get_by_role("region", name="The last run").get_by_role("meter")
    expect(bars.first).to_be_visible()
    for bar in bars.all():
        told = float(bar.get_attribute("aria-valuenow") or "")
        track, filled = bar.bounding_box(), bar.locator("*").first.bounding_box()
        assert track is not None
        assert filled is not None
        assert filled["width"] / track["width"] == pytest.approx(told, abs=0.02)


def test_on_a_phone_each_candidate_shows_all_its_figures(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}/#/workflow")
    row = page.get_by_role("row").filter(has_text="small (zero-shot)")
    for label in ("95 % interval", "Latency", "Cost of 1,000"):
        cell = row.locator(f'[data-label="{label}"]')
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
        assert label in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    expect(row.get_by_role("cell")).to_have_count(5)


def test_who_leaves_before_the_runs_are_read_has_them_read_no_further(page: Page, address: str) -> None:
    held: list[Route] = []
    page.route("**/api/v1/workflow", lambda route: held.append(route))
    page.clock.install()
    page.goto(f"{address}/#/workflow")
    while not held:
        page.wait_for_timeout(20)
    assert reads_after_leaving(page, held) == 0


def test_a_view_asked_for_twice_while_it_is_on_its_way_is_made_once(page: Page, address: str) -> None:
    held: list[Route] = []
    page.route("**/api/v1/workflow", lambda route: held.append(route))
    modules: list[Route] = []
    page.route("**/views/workflow/workflow.js", lambda route: modules.append(route))
    page.clock.install()
    page.goto(f"{address}/#/workflow")
    while not modules:
        page.wait_for_timeout(20)
    page.goto(f"{address}/#/workflow/again")
    for route in modules:
        route.continue_()
    while not held:
        page.wait_for_timeout(20)
    # Of two views, only one would hear that it was left.
    assert reads_after_leaving(page, held) == 0


def test_a_read_that_fails_leaves_what_is_shown_and_the_runs_are_read_on(page: Page, address: str) -> None:
    fails = {"status": 502, "json": {"title": "Bad Gateway", "status": 502, "detail": "Not now."}}
    page.clock.install()
    page.goto(f"{address}/#/workflow")
    rows = page.get_by_role("table").first.get_by_role("row")
    expect(rows.filter(has_text="run-4")).to_be_visible()
    page.route("**/api/v1/workflow", lambda route: route.fulfill(**fails))
    with page.expect_response("**/api/v1/workflow"):
        page.clock.run_for(11_000)
    problem = page.get_by_role("main").get_by_role("alert")
    expect(problem).to_contain_text("Not now.")
    expect(rows.filter(has_text="run-4")).to_be_visible()
    expect(page.get_by_role("region", name="The last run")).to_be_visible()
    page.unroute("**/api/v1/workflow")
    with page.expect_response("**/api/v1/workflow"):
        page.clock.run_for(11_000)
    expect(problem).to_have_count(0)


def test_a_first_read_that_fails_is_tried_again_when_it_is_asked_for(page: Page, address: str) -> None:
    page.route("**/api/v1/workflow", lambda route: route.fulfill(status=502, json={"detail": "Not now."}), times=2)
    page.goto(f"{address}/#/workflow")
    again = page.get_by_role("main").get_by_role("button", name="Try again")
    again.evaluate("button => button.classList.add('former')")
    again.press("Enter")
    expect(page.locator("button:not(.former)", has_text="Try again")).to_be_focused()
    again.press("Enter")
    expect(page.get_by_role("table").first.get_by_role("row").filter(has_text="run-4")).to_be_visible()
    expect(page.get_by_role("heading", name="Workflow")).to_be_focused()


def reads_after_leaving(page: Page, held: list[Route]) -> int:
    """Leave the runs, then answer what asked for them; how often they are read in the minute after."""
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    for route in tuple(held):
        with page.expect_response("**/api/v1/workflow"):
            route.fulfill(json={"executions": [{"run_id": "r", "status": "RUNNING", "started": 1, "stopped": None}]})
    asked = len(held)
    page.clock.run_for(60_000)
    page.get_by_role("link", name="Feedback", exact=True).click()
    expect(page.get_by_text("No feedback yet")).to_be_visible()
    return len(held) - asked
