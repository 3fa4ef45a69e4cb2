"""What a run here needs, looked at before anything is deployed: what is wrong now is wrong in five minutes, too."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cdk_app.settings import Settings
from twin.sample_data import COLUMNS as SAMPLE_COLUMNS
from twin.weights.imported import MODELS

_READ = (".jsonl", ".json")
SHOWN_COLUMNS = 12


class RunRefused(Exception):
    """A run that cannot end well; the text lists every problem with its remedy, a line each."""


def check(settings: Settings, data: Path | None) -> None:
    """Refuse what cannot end well.

    Args:
        settings: the settings of the environment `twin`.
        data: the user's own data set, or None for the sample.

    Raises:
        RunRefused: with every problem.
    """
    of_data = _sample_problems(settings) if data is None else _data_problems(settings, data)
    problems = [*_candidate_problems(settings), *_warehouse_problems(settings), *of_data]
    if problems:
        raise RunRefused("\n".join(problems))


def _candidate_problems(settings: Settings) -> Iterator[str]:
    texts = [name for name, model in MODELS.items() if model.kind == "text"]
    for index, model in enumerate(settings.candidate_models):
        if model.platform == "lambda" or (model.platform == "bedrock-import" and model.model_id in texts):
            continue
        name = f"{model.key} with imported_model_id {model.model_id}" if model.model_id in texts else model.key
        yield (
            f"selection.candidates[{index}]: {name} does not answer on this machine. Under environments.twin, name "
            f"extractive-lead, or smollm2-135m-instruct with imported_model_id {' or '.join(texts)}."
        )


def _warehouse_problems(settings: Settings) -> Iterator[str]:
    if settings.analytics.redshift:
        yield (
            "analytics.redshift: Redshift does not run on this machine. Set it to false under environments.twin; the "
            "named queries run here in Athena."
        )


def _sample_problems(settings: Settings) -> Iterator[str]:
    columns = settings.data.columns
    missing = [name for name in (columns.text, columns.target) if name not in SAMPLE_COLUMNS]
    if missing:
        yield (
            f"data.columns: the sample data has no column {_list(missing)}; it has {_list(SAMPLE_COLUMNS)}. "
            "Give your own file with --data."
        )


def _data_problems(settings: Settings, path: Path) -> Iterator[str]:
    """Look for one record with both columns; the file is read to its end only where there is none."""
    if not is_read(path.name):
        yield f"{path}: the preparation reads .jsonl and .json, gzipped or not. Convert the file, or rename it."
        return
    columns, found, lines = settings.data.columns, dict[str, None](), 0
    try:
        for line in _lines(path, settings.data.max_record_bytes):
            lines += bool(line.strip())
            record = _object(line)
            if columns.text in record and columns.target in record:
                return
            found.update(dict.fromkeys(record))
    except (OSError, EOFError, zlib.error) as error:
        yield f"{path} cannot be read: {error}. See to the file, and run again."
        return
    if not lines:
        yield f"{path} is empty. Give a file with one JSON object a line."
    elif not found:
        yield f"{path} has no line with a JSON object. Give a file with one object a line, and no list around them."
    else:
        yield (
            f"{path} has no record with both the columns {columns.text!r} and {columns.target!r}; it has "
            f"{_list(found)}. Name yours in data.columns."
        )


def is_read(name: str) -> bool:
    """Whether the preparation reads a file of this name."""
    plain = name.lower().removesuffix(".gz")
    return plain.endswith(_READ) or ("." not in plain and plain != name.lower())


def _lines(path: Path, limit: int) -> Iterator[bytes]:
    """Yield a file's lines; of a line that is longer than the limit, nothing."""
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
        whole = True
        while part := file.readline(limit + 2):
            ended = part.endswith(b"\n")
            if whole and (ended or len(part) < limit + 2):
                yield part
            whole = ended


def _object(line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _list(names: Iterable[str]) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - SHOWN_COLUMNS} more" if len(shown) > SHOWN_COLUMNS else ""
    return ", ".join(shown[:SHOWN_COLUMNS]) + more
