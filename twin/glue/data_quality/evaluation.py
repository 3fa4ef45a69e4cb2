"""Evaluates rules on the rows of a table: what was measured, and whether it is as the rule wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.glue.data_quality.dqdl import Rule

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a rule: PASS, FAIL, or ERROR where it cannot be evaluated."""

    rule: Rule
    result: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""


class Column:
    """What the rules ask of the values of one column, or of several together."""

    def __init__(self, names: Sequence[str], rows: Sequence[Row]) -> None:
        self._values = [tuple(row[name] for name in names) for row in rows]

    @property
    def first(self) -> list[Any]:
        """The values of the first column."""
        return [values[0] for values in self._values]

    @property
    def completeness(self) -> float:
        """Share of the rows that have a value."""
        return sum(value is not None for value in self.first) / len(self._values)

    @property
    def lengths(self) -> list[int]:
        """The lengths of the values; a missing one counts as an empty text."""
        return [len(value or "") for value in self.first]

    @property
    def uniqueness(self) -> float:
        """Share of the rows, among those with a value, whose value no other row has."""
        counts = Counter(values for values in self._values if any(value is not None for value in values))
        return sum(count == 1 for count in counts.values()) / max(counts.total(), 1)


def evaluate(rules: Iterable[Rule], rows: Sequence[Row], columns: Sequence[str]) -> list[Outcome]:
    """Evaluate `rules` on the `rows` of a table with these `columns`."""
    return [_evaluate(rule, rows, columns) for rule in rules]


def _evaluate(rule: Rule, rows: Sequence[Row], columns: Sequence[str]) -> Outcome:
    if rule.kind == "ColumnExists":
        found = rule.columns[0] in columns
        return _outcome(rule, found, {}, f"There is no column {rule.columns[0]}.")
    if missing := [name for name in rule.columns if name not in columns]:
        return Outcome(rule, "ERROR", {}, f"There is no column {', '.join(missing)}.")
    if rule.kind in ("RowCount", "ColumnCount"):
        count = len(rows) if rule.kind == "RowCount" else len(columns)
        return _measured(rule, f"Dataset.*.{rule.kind}", count)
    if not rows:
        return Outcome(rule, "ERROR", {}, "There are no rows.")
    return _OF_COLUMNS[rule.kind](rule, Column(rule.columns, rows))


def _completeness(rule: Rule, column: Column) -> Outcome:
    return _measured(rule, f"Column.{rule.columns[0]}.Completeness", column.completeness)


def _uniqueness(rule: Rule, column: Column) -> Outcome:
    level = "Column" if len(rule.columns) == 1 else "Multicolumn"
    return _measured(rule, f"{level}.{','.join(rule.columns)}.Uniqueness", column.uniqueness)


def _length(rule: Rule, column: Column) -> Outcome:
    assert rule.expression is not None
    name, lengths = f"Column.{rule.columns[0]}", column.lengths
    wrong = sum(not rule.expression.holds(length) for length in lengths)
    metrics = {f"{name}.MinimumLength": float(min(lengths)), f"{name}.MaximumLength": float(max(lengths))}
    return _outcome(rule, not wrong, metrics, f"{wrong} of {len(lengths)} values have another length.")


def _values(rule: Rule, column: Column) -> Outcome:
    assert rule.expression is not None
    values = column.first
    good = sum(_fits(rule, value) for value in values)
    share = good / len(values)
    passed = rule.threshold.holds(share) if rule.threshold else good == len(values)
    name = f"Column.{rule.columns[0]}.ColumnValues.Compliance"
    return _outcome(rule, passed, {name: share}, f"{len(values) - good} of {len(values)} values are others.")


def _fits(rule: Rule, value: Any) -> bool:
    assert rule.expression is not None
    if value is None:
        return rule.expression.negated and rule.expression.operator in ("=", "in")
    return rule.expression.holds(value)


def _measured(rule: Rule, name: str, value: float) -> Outcome:
    # IsComplete and IsUnique want the whole.
    passed = rule.expression.holds(value) if rule.expression else value == 1
    return _outcome(rule, passed, {name: float(value)}, f"Value: {value:g} does not meet the constraint requirement!")


def _outcome(rule: Rule, passed: bool, metrics: Mapping[str, float], otherwise: str) -> Outcome:
    return Outcome(rule, "PASS", metrics) if passed else Outcome(rule, "FAIL", metrics, otherwise)


_OF_COLUMNS: dict[str, Callable[[Rule, Column], Outcome]] = {
    "ColumnLength": _length,
    "ColumnValues": _values,
    "Completeness": _completeness,
    "IsComplete": _completeness,
    "IsUnique": _uniqueness,
    "Uniqueness": _uniqueness,
}
