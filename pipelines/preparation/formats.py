"""The lines the job writes: curated chat examples, and quarantine records that explain a refusal."""

import base64
import codecs
import json
from typing import Any

from pipelines.preparation.reading.lines import EXCERPT_BYTES
from pipelines.preparation.records import SETTLED, Candidate, Example, Line, Turn

_BEFORE_TEXT = "\n\n"
# Not line ends in JSON, but `str.splitlines` and some editors take them for such.
_LINE_SEPARATORS = {character: f"\\u{character:04x}" for character in (0x85, 0x2028, 0x2029)}


def curated_line(record: Candidate, instruction: str, cluster: str | None = None) -> str:
    """A chat example: the instruction and the text from the user, the target from the assistant.

    A conversation stays as it is. A text without a target is written as `text`. `cluster` is the record id of what
    stands for its near-duplicates, where it has any.
    """
    document: dict[str, Any] = {"record_id": record.record_id, **_content(record.example, instruction)}
    document["source"] = {"key": record.line.key, "line": record.line.number}
    if cluster is not None:
        document["cluster"] = cluster
    return _json_line(document)


def read_curated_line(content: bytes, split: str, instruction: str) -> Candidate:
    """Read a record that an earlier run of the same settings wrote."""
    document = json.loads(content)
    source = document["source"]
    return Candidate(
        digest=document["record_id"],
        split=split,
        example=_example(document, instruction),
        redacted={},
        line=Line(source["key"], source["line"], content[:EXCERPT_BYTES], len(content)),
        origin=SETTLED,
        cluster=document.get("cluster"),
    )


def _content(example: Example, instruction: str) -> dict[str, Any]:
    if example.turns:
        return {"messages": [turn._asdict() for turn in example.turns]}
    if not example.target:
        return {"text": example.text}
    return {
        "messages": [
            {"role": "user", "content": f"{instruction}{_BEFORE_TEXT}{example.text}"},
            {"role": "assistant", "content": example.target},
        ]
    }


def _example(document: dict[str, Any], instruction: str) -> Example:
    if "text" in document:
        return Example(document["text"])
    turns = tuple(Turn(turn["role"], turn["content"]) for turn in document["messages"])
    before = f"{instruction}{_BEFORE_TEXT}"
    if len(turns) == 2 and turns[0].content.startswith(before):
        return Example(turns[0].content.removeprefix(before), turns[1].content)
    return Example.of(turns)


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
    return _json_line(record)


def _excerpt(line: Line) -> dict[str, str]:
    content = line.content[:EXCERPT_BYTES]
    try:
        # Where the line goes on behind the cut, a character that the cut divides is left out.
        whole = len(content) == line.size
        return {"raw": codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)}
    except UnicodeDecodeError:
        encoded = base64.b64encode(content[: EXCERPT_BYTES * 3 // 4]).decode("ascii")
        return {"raw": encoded, "raw_encoding": "base64"}


def _json_line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False).translate(_LINE_SEPARATORS)
