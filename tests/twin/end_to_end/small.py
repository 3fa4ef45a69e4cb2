"""A small task that a small model learns within a minute: say the code that a text gives.

The texts are sentences of AWS's own documentation, each followed by five words drawn for it. The base model answers
in its own way, and a few dozen examples are enough to teach it this one. Whoever answers without looking at the text,
or copies it, stays below the floor, so that the gate means something.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import yaml

DATASET = "code-of-text"
# What is deployed has a floor that the baseline clears. One run may only raise it, and so asks for tuning.
TUNED = {"selection": {"floor": 0.7}}
# The same state machine customizes on Bedrock in the place of SageMaker, when a run asks for it.
CUSTOMIZED = {"selection": {"floor": 0.7}, "tuning": {"service": "bedrock"}}
WORDS = (
    "river stone cloud bird table apple chair window garden bridge paper silver yellow winter summer morning island "
    "forest castle candle button pocket basket ladder mirror pencil rocket saddle tunnel violin walnut engine"
)
BROKEN = {
    "invalid_utf8": b'{"text": "\xff\xfe broken bytes", "target": "The code is of no use at all."}',
    "not_json": b'{"text": "the closing brace is missing"',
    "missing_column": b'{"text": "there is no target in this one, though the text would do well enough"}',
    "empty": b'{"text": "", "target": "The code is of no use at all."}',
    "oversized": b'{"text": "' + b"x" * 5_000_000 + b'", "target": "too long a line"}',
}


def settings_document(project: Path) -> dict[str, Any]:
    """Return the project's own settings with a smaller twin."""
    document: dict[str, Any] = yaml.safe_load((project / "workflow.yaml").read_text())
    document["task"]["instruction"] = "Which code does this text give?"
    document["data"] |= {"dataset": DATASET, "columns": {"text": "text", "target": "target"}}
    document["data"]["outputs"] = ["chat", "bedrock-conversation"]
    document["tuning"]["bedrock"] = {"model": "nova-micro", "epochs": 5, "learning_rate": 0.0001, "warm_up_steps": 0}
    twin = document["environments"]["twin"]
    # A gate judges by sixteen test records or more.
    twin["data"] = {"minimum_records": 40, "split": {"test": 0.25}}
    twin["selection"] |= {"sample_size": 8, "floor": 0.02}
    twin["selection"]["candidates"] = twin["selection"]["candidates"][:2]
    twin["gateway"]["partners"] = {"names": ["reading-room"]}
    twin["tuning"] |= {
        "max_examples": 64,
        "max_length": 96,
        "test_examples": 24,
        "learning_rate": 0.002,
        "batch_size": 4,
        "rank": 8,
        # Whoever learns one thing in sixteen large steps forgets others, and a few slices of few examples tell little.
        "general_tolerance": 0.5,
        "slice_tolerance": 0.5,
    }
    return document


def write_data(sample: Path, path: Path, records: int) -> int:
    """Write the small data set, with one broken line of each kind, and return how many lines it has."""
    lines: list[bytes] = []
    for line in sample.read_bytes().splitlines():
        sentence = json.loads(line)["documentation"].partition(". ")[0].rstrip(".")
        words = sentence.split()
        # Extraction takes the sentence, and shall find something of the answer in it.
        if not 12 <= len(words) <= 24 or "the" not in words or "\n" in sentence or "<" in sentence:
            continue
        code = " ".join(random.Random(len(lines)).sample(WORDS.split(), 5))
        text, answer = f"{sentence}. Code: {code}.", f"The code is {code}."
        lines.append(json.dumps({"text": text, "target": answer}).encode())
        if len(lines) == records:
            break
    lines[10:10] = BROKEN.values()
    path.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)
