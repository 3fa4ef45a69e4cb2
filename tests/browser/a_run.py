"""A run that has finished and one that goes on, with the lineage that the first one recorded."""

from __future__ import annotations

import json

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
        {
            "index": 0,
            "model": "small",
            "strategy": "zero-shot",
            "value": 0.31,
            "ci": [0.28, 0.34],
            **COST,
            "priced_by": "seconds",
        },
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


def make_runs(emulator: Emulator) -> None:
    """Start both, and record the lineage."""
    states = emulator.client("stepfunctions")
    machine = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    assert machine.endswith(STATE_MACHINE)
    states.start_execution(stateMachineArn=machine, name="run-3", input=json.dumps({"wait": 0}))
    states.start_execution(stateMachineArn=machine, name="run-4", input=json.dumps({"wait": 500_000}))
    emulator.client("s3").put_object(Bucket=MODELS, Key="run=run-3/lineage.json", Body=json.dumps(LINEAGE).encode())
