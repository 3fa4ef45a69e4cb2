"""The lines the job writes: curated chat examples, and quarantine records that explain a refusal."""

import base64
import codecs
import json
from typing import Any

from pipelines.formats.json_lines import to_line
from pipelines.formats.records import Message, Place, Record
from pipelines.preparation.identity import digest
from pipelines.preparation.reading.lines import EXCERPT_BYTES
from pipelines.preparation.records import HELD_OUT, SETTLED, Candidate, Example, Line, Turn
from pipelines.preparation.settings import Settings

_BEFORE_TEXT = "\n\n"


def record_of(candidate: Candidate, instruction: str, cluster: str | None = None) -> Record:
    """The record as every format is written from it: the instruction stands before the text that the user gives.

    A conversation stays as it is, and a text without a target is a text alone. `cluster` is the record id of what
    stands for its near-duplicates, where it has any.
    """
    example = candidate.example
    # Continued pre-training reads a text without its instruction; a conversation it reads whole.
    text = None if example.turns else example.text
    place = Place(candidate.line.key, candidate.line.number)
    return Record(
        messages_of(example, instruction),
        text,
        candidate.record_id,
        place,
        cluster,
        tags=candidate.tagged or None,
        redacted=candidate.redacted or None,
        language=candidate.language,
        rejected=example.rejected or None,
    )


def messages_of(example: Example, instruction: str) -> tuple[Message, ...]:
    """The turns of a record as they are written: its own, or a question and its answer; none of a text alone."""
    if example.turns:
        return tuple(Message(turn.role, turn.content) for turn in example.turns)
    if not example.target:
        return ()
    return (Message("user", f"{instruction}{_BEFORE_TEXT}{example.text}"), Message("assistant", example.target))


def read_curated_line(content: bytes, split: str, settings: Settings) -> Candidate:
    """Read a record that an earlier run of the same settings wrote."""
    document = json.loads(content)
    source = document["source"]
    return Candidate(
        digest=document["record_id"],
        split=split,
        example=_example(document, settings),
        redacted=document.get("redacted", {}),
        line=Line(source["key"], source["line"], content[:EXCERPT_BYTES], len(content)),
        origin=HELD_OUT if settings.holds_out(source["key"]) else SETTLED,
        cluster=document.get("cluster"),
        language=document.get("language"),
        tagged=document.get("tags", {}),
        carried_over=True,
    )


def _example(document: dict[str, Any], settings: Settings) -> Example:
    if "text" in document:
        return Example(document["text"])
    turns = tuple(Turn(turn["role"], turn["content"]) for turn in document["messages"])
    rejected = document.get("rejected") or ""
    first, instructed = turns[0].content, f"{settings.instruction}{_BEFORE_TEXT}"
    text = first.removeprefix(instructed)
    # Of pairs, the columns of text and target may have held turns, and these may begin as the instruction does.
    is_text = len(turns) == 2 and first.startswith(instructed) and digest(text) == document["record_id"]
    in_turns = bool(rejected) and not is_text
    if settings.schema.messages or in_turns:
        return Example.of(turns)._replace(rejected=rejected)
    _, answer = turns
    return Example(text, answer.content, rejected=rejected)


def quarantine_line(reason: str, detail: str, line: Line, duplicate_of: str | None = None) -> str:
    """Why a raw line was refused, where it stands, and how it begins (at most 64 KiB, in base64 if undecodable)."""
    record: dict[str, Any] = {
        "reason": reason,
        "detail": detail,
        "source": {"key": line.key, "line": line.number},
        "bytes": line.size,
        **_excerpt(line),
    }
    if duplicate_of is not None:
        record["duplicate_of"] = duplicate_of
    return to_line(record)


def _excerpt(line: Line) -> dict[str, str]:
    content = line.content[:EXCERPT_BYTES]
    try:
        # Where the line goes on behind the cut, a character that the cut divides is left out.
        whole = len(content) == line.size
        return {"raw": codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)}
    except UnicodeDecodeError:
        encoded = base64.b64encode(content[: EXCERPT_BYTES * 3 // 4]).decode("ascii")
        return {"raw": encoded, "raw_encoding": "base64"}
