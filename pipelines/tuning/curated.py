"""Curated records as they stand in their files: text, place, and the language where preparation told languages apart.

For what is asked of records beside their tokens. A record is a conversation or a text alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.tuning.container import TuningError

_BEFORE_TEXT = "\n\n"


@dataclass(frozen=True)
class Curated:
    """One record.

    Attributes:
        text: all that stands before the answer, or the whole of a text alone.
        place: curated file and line.
        source: key of the raw object that it comes from; empty where it is not told.
        language: ISO 639 code; empty where it is not told.
    """

    record_id: str
    text: str
    place: str
    source: str = ""
    language: str = ""


def curated_in(folder: Path) -> Iterator[Curated]:
    """Read every `.jsonl` file under a channel's folder, record by record, without holding a file in memory.

    Raises:
        TuningError: a line is no curated record; the message names file and line.
    """
    for file in sorted(folder.rglob("*.jsonl")):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _parse(line, f"{file.name}, line {number}")


def _parse(line: bytes, place: str) -> Curated:
    try:
        value: Any = json.loads(line)
        source = value.get("source") or {}
        return Curated(
            str(value["record_id"]), _text(value), place, str(source.get("key", "")), str(value.get("language") or "")
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TuningError(
            f"{place}: not a curated record ({type(error).__name__}: {error}). Run preparation again; curated files "
            "are written by it alone."
        ) from error


def _text(value: dict[str, Any]) -> str:
    if "messages" in value:
        return _BEFORE_TEXT.join(str(message["content"]) for message in value["messages"][:-1])
    if "text" in value:
        return str(value["text"])
    # A pair of answers to one prompt.
    prompt = value["prompt"]
    return prompt if isinstance(prompt, str) else _BEFORE_TEXT.join(str(message["content"]) for message in prompt)


def shared_beginning(texts: Sequence[str]) -> str:
    """Give the instruction that stands before all texts, with the blank line that ends it; empty where there is none.

    Fewer than two different texts do not tell.
    """
    first, last = min(texts, default=""), max(texts, default="")
    if first == last:
        return ""
    # What the first and the last in the order of letters share, all between them share.
    shared = first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]
    end = shared.rfind(_BEFORE_TEXT)
    return shared[: end + len(_BEFORE_TEXT)] if end >= 0 else ""
