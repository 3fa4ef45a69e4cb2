"""A job's training data: fetched as the job's role, judged, and turned into the lines that the training reads."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.bedrock.control.failure import JobFailedError
from twin.processes import run_process
from twin.sagemaker import transfer
from twin.weights.stand_ins import StandIn

_REPOSITORY = Path(__file__).resolve().parents[3]
# What the training needs at least to measure a loss on.
_HELD_OUT = 5


def fetch(s3: Any, uri: str, target: Path) -> Path:
    """Fetch one object. Raises JobFailedError where it is not there, or the role may not read it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        return transfer.download_file(s3, uri, target)
    except transfer.TransferError as error:
        raise JobFailedError(f"Could not read the data at {uri}. {error}") from error


def judge(stand_in: StandIn, training: Path, validation: Path | None, environment: dict[str, str]) -> None:
    """Have the data judged by the model's limits. Raises JobFailedError with what would be refused.

    By `fourfold check-data`, which knows of each limit where AWS documents it.
    """
    argv = [sys.executable, "-m", "cli.main", "check-data", str(training), "--model", stand_in.key, "--show", "20"]
    if validation is not None:
        argv += ["--validation", str(validation)]
    done = run_process(argv, env=environment, cwd=_REPOSITORY, merge=True)
    if done.returncode != 0:
        said = "\n".join(done.tail).replace(f"{training.parent}/", "")
        raise JobFailedError(f"The training data was refused:\n{said}")


def write_channels(training: Path, validation: Path | None, folder: Path) -> int:
    """Write the channels `train` and `validation`, and give how many records are trained on.

    Without validation data the loss that the training reports on its way is that of a few of its own records.
    """
    lines = list(_chat_lines(training))
    held_out = list(_chat_lines(validation)) if validation is not None else lines[:_HELD_OUT]
    for name, channel in (("train", lines), ("validation", held_out)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "data.jsonl").write_text("".join(f"{line}\n" for line in channel), encoding="utf-8")
    return len(lines)


def _chat_lines(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        digest = hashlib.sha256(b"%d:" % number + line).hexdigest()
        yield json.dumps({"record_id": digest, "messages": list(_messages(json.loads(line)))}, ensure_ascii=False)


def _messages(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    if "prompt" in document:
        yield {"role": "user", "content": document["prompt"]}
        yield {"role": "assistant", "content": document["completion"]}
        return
    if system := document.get("system"):
        yield {"role": "system", "content": "\n".join(part["text"] for part in system)}
    for message in document["messages"]:
        yield {"role": message["role"], "content": "".join(part["text"] for part in message["content"])}
