"""A small task that a small model learns within a minute: name the service that an operation belongs to.

The texts are AWS's own documentation; the answer is one fixed sentence around the service's name, so the base
model is far from it and a few dozen examples are enough.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

DATASET = "service-of-operation"
# What is deployed has a floor that the baseline clears. One run may only raise it, and so asks for tuning.
TUNED = {"selection": {"floor": 0.5}}
BROKEN = {
    "invalid_utf8": b'{"text": "\xff\xfe broken bytes", "target": "This operation belongs to nobody at all."}',
    "not_json": b'{"text": "the closing brace is missing"',
    "missing_column": b'{"text": "there is no target in this one, though the text would do well enough"}',
    "empty": b'{"text": "", "target": "This operation belongs to nobody at all."}',
    "oversized": b'{"text": "' + b"x" * 5_000_000 + b'", "target": "too long a line"}',
}


def settings_document(project: Path) -> dict[str, Any]:
    """Return the project's own settings with a smaller twin."""
    document: dict[str, Any] = yaml.safe_load((project / "workflow.yaml").read_text())
    document["task"]["instruction"] = "Which AWS service does this operation belong to?"
    document["data"] |= {"dataset": DATASET, "columns": {"text": "text", "target": "target"}}
    twin = document["environments"]["twin"]
    # A gate judges by sixteen test records or more.
    twin["data"] = {"minimum_records": 40, "split": {"test": 0.25}}
    twin["selection"] |= {"sample_size": 8, "floor": 0.02}
    twin["selection"]["candidates"] = twin["selection"]["candidates"][:2]
    twin["tuning"] |= {
        "max_examples": 56,
        "max_length": 96,
        "test_examples": 24,
        "learning_rate": 0.002,
        "batch_size": 4,
        "rank": 8,
    }
    return document


def write_data(sample: Path, path: Path, records: int) -> int:
    """Write the small data set, with one broken line of each kind, and return how many lines it has."""
    lines: list[bytes] = []
    for line in sample.read_bytes().splitlines():
        record = json.loads(line)
        if not 25 <= len(record["documentation"].split()) <= 60:
            continue
        answer = f"This operation belongs to the AWS service called {record['service']}."
        lines.append(json.dumps({"text": record["documentation"], "target": answer}).encode())
        if len(lines) == records:
            break
    lines[10:10] = BROKEN.values()
    path.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)
