"""Workflow: the runs, as the state machine knows them, and the report of the last that finished."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.deployment import MODELS, STATE_MACHINE
from twin.emulator import Emulator

COST = {"latency_ms_p50": 420.0, "usd_per_1k_requests": 0.12}
LINEAGE = {
    "run_id": "run-3",
    "recorded_at": "2026-11-02T10:00:00Z",
    "run": {"task": {"instruction": "Summarize in one sentence."}, "metric": "rougeL", "floor": 0.2},
    "data": {
        "input": 100,
        "kept": 90,
        "splits": {"train": 80, "test": 10},
        "rejected": {"near_duplicate": 7, "too_short": 3},
    },
    "candidates": [
        {"index": 0, "model": "small", "strategy": "zero-shot", "value": 0.31, "ci": [0.28, 0.34], **COST},
        {"index": 1, "model": "large", "strategy": "few-shot", "value": 0.15, "ci": [0.1, 0.2], **COST},
    ],
    "selection": {"floor": 0.2, "chosen": {"index": 0}, "reason": "small is the cheapest that surely reaches 0.2"},
    "comparison": {
        "challenger": {"value": 0.31},
        "champion": {"kind": "base", "value": 0.15},
        "difference": 0.16,
        "ci": [0.1, 0.2],
        "better": True,
        "examples": 128,
    },
    "smoke_test": {
        "examples": [
            {"prompt": "Summarize in one sentence.\n\nA text.", "output": "A <b>bold</b> text.", "reference": "A text."}
        ]
    },
    "approval": {"approved_by": "automatic", "approved_at": "2026-11-02T09:59:00Z"},
}


@pytest.fixture(scope="module", autouse=True)
def runs(emulator: Emulator) -> None:
    states = emulator.client("stepfunctions")
    machine = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    assert machine.endswith(STATE_MACHINE)
    states.start_execution(stateMachineArn=machine, name="run-3", input=json.dumps({"wait": 0}))
    states.start_execution(stateMachineArn=machine, name="run-4", input=json.dumps({"wait": 600}))
    emulator.client("s3").put_object(Bucket=MODELS, Key="run=run-3/lineage.json", Body=json.dumps(LINEAGE).encode())


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
