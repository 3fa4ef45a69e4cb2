"""The sample data: AWS's own API documentation, as it lies in botocore on every machine that has boto3.

Each record is an operation whose documentation goes on after its first sentence; the task is to write that
sentence from the rest. Nothing is cleaned here: markup, two-word bodies and operations documented in the same words
are what real data looks like, and what data preparation is for.
"""

import gzip
import html
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import botocore

COLUMNS = ("service", "operation", "documentation", "summary")

Progress = Callable[[int, int], None]
"""Called with the number of services read and the number there are."""

# The end of a sentence in HTML: no abbreviation before it, white space or a tag behind it.
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)(?<!\bno)[.!?](?=\s|<|$)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_LEADING_END_TAGS = re.compile(r"^(?:\s|</[^>]*>)+")


def write_sample(path: Path, limit: int | None = None, seed: int = 13, progress: Progress | None = None) -> int:
    """Write the sample as JSON Lines, whole or not at all, and return the number of records.

    Services come in an order drawn by `seed`. With a `limit`, writing ends there, so a small sample reads only the
    few services that it needs.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside its name first: what an interrupt leaves must not be taken for the sample by the next run.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    written = 0
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for record in islice(_sample(seed, progress or (lambda _done, _total: None)), limit):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                written += 1
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return written


def _sample(seed: int, progress: Progress) -> Iterator[dict[str, str]]:
    models = _models()
    random.Random(seed).shuffle(models)  # noqa: S311  (an order, not a secret)
    for done, model in enumerate(models, start=1):
        yield from _records(model)
        progress(done, len(models))


def split_first_sentence(documentation: str) -> tuple[str, str] | None:
    """Split HTML into its first sentence, as plain text, and the HTML behind it; None where nothing follows."""
    end = _SENTENCE_END.search(documentation)
    if end is None:
        return None
    summary = " ".join(html.unescape(_TAG.sub("", documentation[: end.end()])).split())
    body = _LEADING_END_TAGS.sub("", documentation[end.end() :])
    return (summary, body) if summary and _TAG.sub("", body).strip() else None


def _models() -> list[Path]:
    """The newest API model of each service, by service name."""
    data = Path(botocore.__file__).parent / "data"
    newest: dict[str, Path] = {}
    for path in sorted(data.glob("*/*/service-2.json*")):
        newest[path.parts[-3]] = path
    return list(newest.values())


def _records(model: Path) -> Iterator[dict[str, str]]:
    for operation, definition in _read(model)["operations"].items():
        if parts := split_first_sentence(definition.get("documentation", "")):
            summary, body = parts
            yield {
                "service": model.parts[-3],
                "operation": operation,
                "documentation": body,
                "summary": summary,
            }


def _read(model: Path) -> Any:
    content = model.read_bytes()
    return json.loads(gzip.decompress(content) if model.suffix == ".gz" else content)
