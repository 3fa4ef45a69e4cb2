"""Workflow: the runs, as the state machine knows them, and the report of the last that finished."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.usefixtures("runs")


def test_runs_are_listed_with_their_states(page: Page, address: str) -> None:
    page.goto(f"{address}/#/workflow")
    rows = page.get_by_role("table").first.get_by_role("row")
    expect(rows.filter(has_text="run-3")).to_contain_text("succeeded")
    expect(rows.filter(has_text="run-4")).to_contain_text("running")


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
    expect(report.get_by_text("+0.160")).to_be_visible()
    expect(report.get_by_text("A <b>bold</b> text.")).to_be_visible()
