"""Whether the preparation would find enough records in the user's files, before anything is deployed.

Files are read until there are enough, and one record of each. What is counted here passes the first stage at most: how
many are good for anything, only the preparation finds. It never counts fewer than that stage would keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cdk_app.settings import Columns
from twin.run.columns import UnknownColumns, listed, told_columns
from twin.run.data_file import JSON_LINES, SOME_TEXT, UNREADABLE, Record, format_of, read_to_its_end, records_of
from twin.run.data_files import DataFile

_TYPES = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "number",
    list: "array",
    str: "string",
    type(None): "null",
}
_SHOWN_FAULTS = 3
_NOTHING_FOUND = {
    True: "has no line with a JSON object. Give a file with one object a line, and no list around them.",
    False: "has a blank first line, where the names of the columns should stand. Delete what is above them.",
}


@dataclass
class Tally:
    """What one file holds, as far as it was read.

    Attributes:
        lines: records, and what is in the place of one.
        complete: those of them with every column.
        usable: those of them whose columns hold what they should.
        names: the columns that there are, in the order of the file.
        faults: why complete records are not usable.
        targets: the targets of usable records; None stands for those that were not looked at.
    """

    lines: int = 0
    complete: int = 0
    usable: int = 0
    names: dict[str, None] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    targets: set[str | None] = field(default_factory=set)

    def add(self, record: Record, count: int, columns: Columns) -> None:
        """Count a record, and those that are like it."""
        self.lines += count
        self.names.update(dict.fromkeys(record))
        if not record or not all(name in record for name in columns.names):
            return
        self.complete += count
        if fault := fault_of(record, columns):
            self.faults[fault] += count
        else:
            self.usable += count
            target = record.get(columns.target or "")
            self.targets.add(target if isinstance(target, str) and target is not SOME_TEXT else None)


@dataclass(frozen=True)
class Found:
    """What a data set holds: how many usable records, at least as many as were asked for or all; and what is wrong.

    `targets` is how many different targets they have, or None where that was not looked at.
    """

    usable: int
    problems: tuple[str, ...]
    columns: Columns | None
    faults: Counter[str] = field(default_factory=Counter)
    targets: int | None = None


def look_into(files: Sequence[DataFile], columns: Columns | None, max_record_bytes: int, enough: int) -> Found:
    """Count the usable records of a data set's files until there are enough.

    Args:
        files: the files, in the order of their keys.
        columns: what makes a record; None where the preparation tells it by the first file.
        max_record_bytes: length of a line beyond which it is no record.
        enough: how many usable records suffice.
    """
    try:
        columns = columns or told_columns(files, max_record_bytes) or Columns()
    except UnknownColumns as error:
        return Found(0, (str(error),), None)
    except UNREADABLE:
        columns = Columns()  # the file is named below
    usable, problems, faults, lines, targets = 0, list[str](), Counter[str](), 0, set[str | None]()
    for file in files:
        tally = Tally()
        try:
            _count(file, columns, max_record_bytes, max(1, enough - usable), tally)
            read_to_its_end(file.path)
        except UNREADABLE as error:
            problems.append(
                f"{file.path} cannot be read: {str(error).splitlines()[0]}. See to the file, and run again."
            )
        else:
            problems += _of_file(file, tally, columns)
        usable, lines, faults = usable + tally.usable, lines + tally.lines, faults + tally.faults
        targets |= tally.targets
    if not lines and not problems:
        problems += [_empty(file) for file in files]
    return Found(usable, tuple(problems), columns, faults, None if None in targets else len(targets))


def fault_of(record: Record, columns: Columns) -> str | None:
    """Say why a record with every column cannot be used, as the preparation would; None where it may be."""
    for name in reversed(columns.names):  # the preparation looks at the target first
        value = record[name]
        if value is SOME_TEXT:
            continue
        if columns.rejected and isinstance(value, list):
            continue  # an answer may be a text or turns, and only the preparation looks into those
        if columns.rejected and name == columns.text and _may_be_blank(value, record[columns.target or ""]):
            continue  # whole conversations bring the question with them
        if columns.messages and name != columns.rejected:
            if not isinstance(value, list):
                return f"column {name!r} is {_type_of(value)}, not an array of turns"
        elif not isinstance(value, str):
            return f"column {name!r} is {_type_of(value)}, not a string"
        elif not value.strip():
            return f"column {name!r} is blank"
    return None


def _may_be_blank(prompt: object, answer: object) -> bool:
    return isinstance(answer, list) and (prompt is None or (isinstance(prompt, str) and not prompt.strip()))


def with_columns(columns: Columns | None) -> str:
    """Say `with both the columns 'text' and 'target'`; empty where none are known."""
    names = columns.names if columns else ()
    if not names:
        return ""
    called = {1: "the column", 2: "both the columns"}.get(len(names), "the columns")
    *others, last = map(repr, names)
    return f" with {called} {' and '.join([*filter(None, [', '.join(others)]), last])}"


def in_words(faults: Counter[str]) -> str:
    """Name the commonest faults with their numbers."""
    return "; ".join(f"{count:,} × {fault}" for fault, count in faults.most_common(_SHOWN_FAULTS))


def _count(file: DataFile, columns: Columns, max_record_bytes: int, wanted: int, tally: Tally) -> None:
    for record, count in records_of(file.path, columns.names, max_record_bytes):
        tally.add(record, count, columns)
        if tally.usable >= wanted:
            return


def _of_file(file: DataFile, tally: Tally, columns: Columns) -> Iterator[str]:
    """Say of a file that holds lines, and no usable record in them, why."""
    if tally.usable or not tally.lines:
        return
    path = file.path
    if not tally.names:
        yield f"{path} {_NOTHING_FOUND[format_of(path.name) in JSON_LINES]}"
    elif not tally.complete:
        has = listed(list(tally.names))
        yield f"{path} has no record{with_columns(columns)}; it has {has}. Name yours in data.columns."
    else:
        yield (
            f"{path} has no record that can be used: {in_words(tally.faults)}. "
            "Put a text there in each record, or name other columns in data.columns."
        )


def _empty(file: DataFile) -> str:
    holds = "one JSON object a line" if format_of(file.path.name) in JSON_LINES else "records"
    return f"{file.path} is empty. Give a file with {holds}."


def _type_of(value: object) -> str:
    return next((_TYPES[kind] for kind in type(value).__mro__ if kind in _TYPES), type(value).__name__)
