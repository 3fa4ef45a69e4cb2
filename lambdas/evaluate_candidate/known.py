"""The result that an earlier attempt stored, and whether it is of the very same evaluation.

A run's name and a candidate's are not enough: an execution may be redriven, or its objects kept, while what is asked
has changed. So a result is stored with the hash of everything that decides it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from lambdas.shared import log, s3
from lambdas.shared.errors import InvalidRecord
from lambdas.shared.examples import Examples
from lambdas.shared.fields import Fields
from lambdas.shared.records import Record
from lambdas.shared.run import Candidate, Run

# What the stored document has beside the result.
STORED_ONLY = {
    "run_id",
    "of",
    "by_label",
    "prompt_turns",
    "prompt_pool",
    "prompt_examples",
    "passages",
    "passages_shown",
    "passages_instruction",
    "passage_vectors",
    "passage_model_id",
}


def digest(run: Run, candidate: Candidate, records: Sequence[Record], examples: Examples, labels: Sequence[str]) -> str:
    """Give the SHA-256, in hex, of everything that decides a result: who is asked what, and by what it is scored."""
    decides = {
        "candidate": asdict(candidate),
        "kind": run.task_kind,
        "instruction": run.instruction,
        "metric": run.metric,
        "max_output_tokens": run.max_output_tokens,
        "labels": list(labels),
        "embeddings": asdict(run.embeddings) if run.embeddings else None,
        "judge": asdict(run.judge) if run.judge else None,
        "examples": examples.document(),
        "records": [
            [record.record_id, record.reference, [[turn.role, turn.content] for turn in record.turns]]
            for record in records
        ],
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def known_result(bucket: str, key: str, decides: str) -> dict[str, object] | None:
    """Give the result that is stored under a key, if it is of the evaluation with this digest."""
    if key not in s3.keys(bucket, key):
        return None
    document, _ = s3.document(bucket, key)
    stored = Fields(document, f"s3://{bucket}/{key}", InvalidRecord, "Delete the object and start again.").as_dict()
    if stored.get("of") != decides:
        log.warning("The result that is there is of other records, another candidate or other settings", key=key)
        return None
    log.info("The result of an earlier attempt is there", key=key)
    return {name: value for name, value in stored.items() if name not in STORED_ONLY}
