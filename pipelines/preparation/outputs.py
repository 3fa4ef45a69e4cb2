"""The formats beside chat that a run writes, each judged by the same check that `fourfold check-data` makes.

A record for which a format has no place, such as a conversation of four turns for prompt and completion, is left out of
that format and counted by why.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pipelines.formats.check import Checker, verdict
from pipelines.formats.findings import Findings
from pipelines.formats.outputs import CHAT, LINE_OUTPUTS, PARQUET
from pipelines.formats.parquet import write_parquet
from pipelines.formats.records import Message, NotRepresentable, Place, Record

TRAINING, VALIDATION = "train", "validation"


@dataclass(slots=True)
class Formatted:
    """What was written in other formats: what the check found, by format and split, and who was left out."""

    findings: dict[tuple[str, str], Findings] = field(default_factory=dict)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: "Formatted") -> None:
        """Add what another partition wrote."""
        for key, findings in other.findings.items():
            if key in self.findings:
                self.findings[key].add(findings)
            else:
                self.findings[key] = findings
        for name, reasons in other.left_out.items():
            self.left_out.setdefault(name, Counter()).update(reasons)

    def to_json(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the verdict on each format of lines, on its training and validation data together."""
        return {name: self._verdict(name) for name in names if name in LINE_OUTPUTS and name != CHAT}

    def _verdict(self, name: str) -> dict[str, Any]:
        empty = Findings(LINE_OUTPUTS[name].format)
        found = [self.findings.get((name, split), empty) for split in (TRAINING, VALIDATION)]
        return {**verdict(*found), "left_out": dict(sorted(self.left_out.get(name, Counter()).items()))}


class Formatter:
    """Writes the records of one partition in the formats that the settings name."""

    def __init__(self, outputs: Iterable[str], part: str, formatted: Formatted) -> None:
        self._names = [name for name in outputs if name in LINE_OUTPUTS and name != CHAT]
        self._part, self._formatted = part, formatted
        self._checkers: dict[tuple[str, str], Checker] = {}

    def lines(self, record: Record, split: str) -> Iterator[tuple[str, str]]:
        """Yield (folder, line) for each format that has a place for the record."""
        for name in self._names:
            try:
                line = LINE_OUTPUTS[name].write(record)
            except NotRepresentable as why:
                self._formatted.left_out.setdefault(name, Counter())[str(why)] += 1
                continue
            self._checker(name, split).judge(line)
            yield f"{name}/{split}", line

    def _checker(self, name: str, split: str) -> Checker:
        if (name, split) not in self._checkers:
            file = f"{name}/{split}/{self._part}"
            checker = self._checkers[name, split] = Checker(LINE_OUTPUTS[name].format, file=file)
            self._formatted.findings[name, split] = checker.findings
        return self._checkers[name, split]


def chat_to_parquet(lines: Iterable[bytes], file: IO[bytes]) -> int:
    """Write chat lines as a table, and return how many rows it has."""
    return write_parquet(map(_record, lines), file)


def _record(line: bytes) -> Record:
    document = json.loads(line)
    messages = tuple(Message(turn["role"], turn["content"]) for turn in document.get("messages", ()))
    place = Place(document["source"]["key"], document["source"]["line"])
    return Record(
        messages,
        document.get("text"),
        document["record_id"],
        place,
        document.get("cluster"),
        rejected=document.get("rejected"),
    )


__all__ = ["PARQUET", "Formatted", "Formatter", "chat_to_parquet"]
