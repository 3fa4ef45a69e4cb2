"""The lines the job writes: curated chat examples, and quarantine records that explain a refusal."""

import base64
import codecs
import json
from typing import Any

from pipelines.preparation.lines import EXCERPT_BYTES
from pipelines.preparation.records import Candidate, Line

# Not line ends in JSON, but `str.splitlines` and some editors take them for such.
_LINE_SEPARATORS = {character: f"\\u{character:04x}" for character in (0x85, 0x2028, 0x2029)}


def curated_line(record: Candidate, instruction: str, cluster: str | None = None) -> str:
    """A chat example: the instruction and the text from the user, the target from the assistant.

    `cluster` is the record id of what stands for its near-duplicates, where it has any.
    """
    document: dict[str, Any] = {
        "record_id": record.record_id,
        "messages": [
            {"role": "user", "content": f"{instruction}\n\n{record.example.text}"},
            {"role": "assistant", "content": record.example.target},
        ],
        "source": {"key": record.line.key, "line": record.line.number},
    }
    if cluster is not None:
        document["cluster"] = cluster
    return _json_line(document)


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
