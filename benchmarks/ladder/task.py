"""The sample task for the ladder: real candidates beside three whose worth is known, and documents to search."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import yaml

DATASET = "ladder-sample"
DOCUMENTS = "service-overviews"
WORDS = range(30, 71)
# Ids of imports of Bedrock: two that the twin serves, and three that whoever measures plants.
SMOLLM2, MINILM = "smollm2q41v1", "minilml6v2q1"
ORACLE, SLOW_ORACLE, COPIER = "oracle000001", "oracleslow01", "copier000001"
FLOOR = 0.6
SLOWER_S = 1.0
OVERVIEW_CHARACTERS = 350

REAL: tuple[dict[str, Any], ...] = (
    {"model": "extractive-lead", "strategy": "extractive"},
    {"strategy": "zero-shot"},
    {"strategy": "few-shot", "examples": 3},
    {"strategy": "few-shot", "examples": 3, "choose": "similar"},
    {"strategy": "retrieval", "passages": 1},
    {"strategy": "retrieval", "passages": 1, "search": "embeddings"},
)
PLANTED = (ORACLE, SLOW_ORACLE, COPIER)


def workflow(root: Path, records: int) -> dict[str, Any]:
    """Return the project's settings with the ladder's candidates, measured on so many records, and without tuning."""
    document: dict[str, Any] = yaml.safe_load((root / "workflow.yaml").read_text(encoding="utf-8"))
    document["data"]["dataset"] = DATASET
    twin = document["environments"]["twin"]
    twin["data"] = {"minimum_records": 40, "split": {"validation": 0.3, "test": 0.1}}
    imported = [{"model": "smollm2-135m-instruct", "imported_model_id": SMOLLM2, **one} for one in REAL[1:]]
    planted = [{"model": "smollm2-135m-instruct", "imported_model_id": name} for name in PLANTED]
    twin["selection"] = {
        "floor": FLOOR,
        "sample_size": records,
        "documents": {"folder": DOCUMENTS, "passage_words": 60},
        "embeddings": {"model": "all-minilm-l6-v2", "imported_model_id": MINILM},
        "candidates": [dict(REAL[0]), *imported, *planted],
    }
    twin["tuning"] = {"enabled": False}
    twin["approval"] = "automatic"
    return document


def write_data(sample: Path, path: Path, records: int) -> None:
    """Write the records of the sample whose texts are of middling length, the first so many."""
    kept = [line for line in sample.read_bytes().splitlines() if len(_words(line)) in WORDS]
    path.write_bytes(b"\n".join(kept[:: max(1, len(kept) // records)][:records]) + b"\n")


def _words(line: bytes) -> list[str]:
    return str(json.loads(line)["documentation"]).split()


def write_documents(path: Path, most: int) -> None:
    """Write what botocore says of each of so many services as a whole, a document a service."""
    lines = (json.dumps({"title": title, "text": text}) for title, text in itertools.islice(_overviews(), most))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _overviews() -> Iterator[tuple[str, str]]:
    """Yield the name of each service and the beginning of what is said of it, out of its newest version."""
    newest = {
        path.parts[-3]: path for path in sorted(Path(botocore.__file__).parent.glob("data/*/*/service-2.json.gz"))
    }
    for name, path in newest.items():
        value = json.loads(gzip.decompress(path.read_bytes()))
        text = " ".join(re.sub(r"<[^>]+>", " ", value.get("documentation", "")).split())
        if text:
            yield str(value["metadata"].get("serviceId", name)), text[:OVERVIEW_CHARACTERS]
