"""Judges training data as the service would, before it is submitted.

`check_lines` judges the lines of a file, `check_set` what only the whole shows: numbers of records. A set is
accepted when neither refuses anything.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.formats.bounds import breaches
from pipelines.formats.findings import Finding, Findings
from pipelines.formats.json_lines import parse_line
from pipelines.formats.limits import Bounds, Limits, limits_of, rows_of
from pipelines.formats.reasons import Problem, Reason
from pipelines.formats.records import Format
from pipelines.formats.shapes import examine

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def check_lines(
    lines: Iterable[bytes | str], form: Format, model: str | None = None, file: str = "", most_listed: int = 20
) -> Findings:
    """Judge lines one by one, with or without their line ends; nothing of them is kept but what is listed.

    Without a `model` the form alone is judged. Raises `ValueError` for a model that is not known.
    """
    checker = Checker(form, model, file, most_listed)
    for line in lines:
        checker.judge(line)
    return checker.findings


class Checker:
    """Judges lines as they come, for whoever writes them: `findings` has what was found so far."""

    def __init__(self, form: Format, model: str | None = None, file: str = "", most_listed: int = 20) -> None:
        self._limits = None if model is None else limits_of(model, form)
        self.findings = Findings(form, model, file, most_listed)

    def judge(self, line: bytes | str) -> None:
        """Judge the next line."""
        content = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
        findings = self.findings
        findings.lines += 1
        findings.size += len(content) + (not content.endswith(b"\n"))
        problems = self._problems(content)
        for reason, detail in problems.items():
            findings.note(Finding(findings.lines, reason, detail))
        findings.accepted += all(reason.warns for reason in problems)

    def _problems(self, line: bytes) -> dict[Reason, str]:
        """Return what is wrong with a line, the first detail of each reason, and add its texts to the totals."""
        document = parse_line(line)
        if isinstance(document, Problem):
            return {document.reason: document.detail}
        record = examine(document, self.findings.format)
        characters = sum(len(text.content) for text in record.texts)
        self.findings.characters += characters
        self.findings.longest = max(self.findings.longest, characters)
        problems: dict[Reason, str] = {}
        for reason, detail in (*record.problems, *(breaches(record, self._limits) if self._limits else ())):
            problems.setdefault(reason, detail)
        return problems


def check_name(name: str, model: str | None = None) -> list[Finding]:
    """Judge a file by its name alone."""
    found = []
    if name.endswith(".gz"):
        found.append(Finding(0, Reason.COMPRESSED, name))
    if model is not None and any(row.plain_file_name for row in rows_of(model)) and not _PLAIN_NAME.fullmatch(name):
        found.append(Finding(0, Reason.FILE_NAME, repr(name)))
    return found


def check_set(training: Findings, validation: Findings | None = None) -> list[Finding]:
    """Judge what only the whole shows; `training` and `validation` are what `check_lines` found in all their files."""
    found = [*_check_form(training)]
    if not training.lines:
        found.append(Finding(0, Reason.NO_RECORDS, "the training data has no line"))
    if validation is not None and not validation.lines:
        found.append(Finding(0, Reason.NO_RECORDS, "the validation data has no line"))
    limits = None if training.model is None else limits_of(training.model, training.format)
    if limits is not None:
        found += _check_limits(training, validation, limits)
    return found


def _check_form(training: Findings) -> Iterator[Finding]:
    if training.model is None:
        return
    rows = rows_of(training.model)
    if all(row.format is not training.format for row in rows):
        takes = " or ".join(row.format.value for row in rows)
        yield Finding(0, Reason.WRONG_FORMAT, f"{rows[0].name} takes {takes}, and this is {training.format}")


def _check_limits(training: Findings, validation: Findings | None, limits: Limits) -> Iterator[Finding]:
    yield from _check_count([training], limits.training, "training")
    if validation is not None:
        yield from _check_count([validation], limits.validation, "validation")
        if not limits.validation_used:
            yield Finding(0, Reason.VALIDATION_UNUSED, f"the training of {limits.name} uses no validation data")
    parts = [training] if validation is None else [training, validation]
    yield from _check_count(parts, limits.total, "training and validation")


def _check_count(parts: Sequence[Findings], bounds: Bounds, what: str) -> Iterator[Finding]:
    records, left = sum(part.lines for part in parts), sum(part.accepted for part in parts)
    if bounds.least is not None and records < bounds.least:
        yield Finding(0, Reason.TOO_FEW_RECORDS, f"{records:,} for {what}; at least {bounds.least:,} are needed")
    elif bounds.least is not None and 0 < left < bounds.least and any(part.refused for part in parts):
        detail = f"{left:,} of {records:,} for {what} are left without what is refused"
        yield Finding(0, Reason.MAYBE_TOO_FEW, f"{detail}; at least {bounds.least:,} are needed")
    if bounds.most is not None and records > bounds.most:
        yield Finding(0, Reason.TOO_MANY_RECORDS, f"{records:,} for {what}; at most {bounds.most:,} are taken")


def verdict(training: Findings, validation: Findings | None = None) -> dict[str, Any]:
    """Return the judgement of a whole set as JSON, for a manifest: the same input gives the same document."""
    of_the_whole = check_set(training, validation)
    parts = {"training": training} if validation is None else {"training": training, "validation": validation}
    refused = any(part.refused for part in parts.values()) or any(not found.reason.warns for found in of_the_whole)
    return {
        "format": training.format.value,
        "model": training.model,
        "accepted": not refused,
        "whole": [_to_json(finding) for finding in of_the_whole],
        **{name: _part(part) for name, part in parts.items()},
    }


def _part(findings: Findings) -> dict[str, Any]:
    return {
        "records": findings.lines,
        "accepted": findings.accepted,
        "bytes": findings.size,
        "characters": findings.characters,
        "tokens_estimated": findings.tokens,
        "longest_characters": findings.longest,
        "reasons": {reason.value: count for reason, count in sorted(findings.counts.items())},
        "examples": [_to_json(finding) for finding in findings.listed],
    }


def _to_json(finding: Finding) -> dict[str, Any]:
    place = {"file": finding.file} if finding.file else {}
    line = {"line": finding.line} if finding.line else {}
    return {**place, **line, "reason": finding.reason.value, "detail": finding.detail, "remedy": finding.remedy}
