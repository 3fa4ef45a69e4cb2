"""Reads rulesets in the Data Quality Definition Language: the rules that the twin can evaluate, and no others.

A rule is its type, its columns in double quotes, and for most types an expression on what the type measures:

    Rules = [RowCount >= 100, Completeness "text" >= 0.9, ColumnValues "label" in ["a", "b"] with threshold > 0.99]
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

Value = str | float


class UnknownRule(Exception):
    """A ruleset, or a part of one, that the twin does not evaluate; the text names it."""


@dataclass(frozen=True)
class Expression:
    """`operator` is a comparison, `between` (exclusive), `in` or `matches`; `negated` for `not in` and the like."""

    operator: str
    values: tuple[Value, ...]
    negated: bool = False

    def holds(self, value: Value) -> bool:
        """Whether a value satisfies the expression; one of another type does not."""
        return self._holds(value) != self.negated

    def _holds(self, value: Value) -> bool:
        if self.operator == "in":
            return value in self.values
        if self.operator == "matches":
            return re.fullmatch(str(self.values[0]), str(value)) is not None
        numbers = [_number(one) for one in (value, *self.values)]
        if None in numbers:
            return self.operator == "=" and value == self.values[0]
        measured, *bounds = (number for number in numbers if number is not None)
        if self.operator == "between":
            return bounds[0] < measured < bounds[1]
        return _COMPARISONS[self.operator](measured, bounds[0])


@dataclass(frozen=True)
class Rule:
    """One rule; `threshold` is for what share of the values the expression has to hold."""

    text: str
    kind: str
    columns: tuple[str, ...]
    expression: Expression | None
    threshold: Expression | None = None


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
# How many columns a type takes (at least, at most), whether it has an expression, and whether a threshold.
_KINDS = {
    "ColumnCount": (0, 0, True, False),
    "ColumnExists": (1, 1, False, False),
    "ColumnLength": (1, 1, True, False),
    "ColumnValues": (1, 1, True, True),
    "Completeness": (1, 1, True, False),
    "IsComplete": (1, 1, False, False),
    "IsUnique": (1, 9, False, False),
    "RowCount": (0, 0, True, False),
    "Uniqueness": (1, 9, True, False),
}
_TOKEN = re.compile(r'\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|>=|<=|!=|[=<>\[\],()]|\w+')


def read_rules(text: str) -> list[Rule]:
    """The rules of a ruleset, in order.

    Raises UnknownRule for a ruleset that is malformed, or has a rule that the twin does not evaluate.
    """
    tokens = _Tokens(text)
    for expected in ("Rules", "=", "["):
        tokens.take(expected)
    rules = [_rule(tokens)]
    while tokens.next == ",":
        tokens.take(",")
        rules.append(_rule(tokens))
    tokens.take("]")
    if tokens.next is not None:
        raise UnknownRule(f"The twin evaluates one list of Rules; it does not know {tokens.next} after it.")
    return rules


class _Tokens:
    def __init__(self, text: str) -> None:
        self._text, self._found, place = text, list[tuple[int, int]](), 0
        while place < len(text):
            matched = _TOKEN.match(text, place)
            if not matched:
                raise UnknownRule(f"This is no Data Quality Definition Language: {text[place : place + 40]!r}.")
            if not matched[0].isspace() and not matched[0].startswith("#"):
                self._found.append(matched.span())
            place = matched.end()
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._text[slice(*self._found[self._at])] if self._at < len(self._found) else None

    def take(self, expected: str | None = None) -> str:
        token = self.next
        if token is None or expected not in (None, token):
            wanted = f"{expected} is expected" if expected else "more is expected"
            raise UnknownRule(f"The ruleset cannot be read: {wanted} in place of {token or 'its end'}.")
        self._at += 1
        return token

    def since(self, at: int) -> str:
        return self._text[self._found[at][0] : self._found[self._at - 1][1]]

    @property
    def at(self) -> int:
        return self._at


def _rule(tokens: _Tokens) -> Rule:
    begin, kind = tokens.at, tokens.take()
    if kind not in _KINDS:
        raise UnknownRule(f"The twin does not evaluate rules of type {kind}; it knows {', '.join(_KINDS)}.")
    least, most, has_expression, has_threshold = _KINDS[kind]
    columns: list[str] = []
    while tokens.next is not None and tokens.next.startswith('"'):
        columns.append(json.loads(tokens.take()))
    expression = _expression(tokens) if has_expression else None
    threshold = None
    if has_threshold and tokens.next == "with":
        tokens.take("with")
        tokens.take("threshold")
        threshold = _expression(tokens)
    text = tokens.since(begin)
    if not least <= len(columns) <= most:
        raise UnknownRule(f"{text}: a rule of type {kind} does not take {len(columns)} columns.")
    if tokens.next not in (",", "]", None):
        raise UnknownRule(f"The twin does not evaluate '{tokens.next}' after {text}.")
    return Rule(text, kind, tuple(columns), expression, threshold)


def _expression(tokens: _Tokens) -> Expression:
    operator, negated = tokens.take(), False
    if operator == "not":
        operator, negated = tokens.take(), True
    elif operator == "!=":
        operator, negated = "=", True
    if operator in _COMPARISONS or operator == "matches":
        return Expression(operator, (_value(tokens),), negated)
    if operator == "between":
        low = _value(tokens)
        tokens.take("and")
        return Expression(operator, (low, _value(tokens)), negated)
    if operator == "in":
        return Expression(operator, _list(tokens), negated)
    raise UnknownRule(f"The twin does not evaluate an expression with '{operator}'.")


def _list(tokens: _Tokens) -> tuple[Value, ...]:
    tokens.take("[")
    values = [_value(tokens)]
    while tokens.next == ",":
        tokens.take(",")
        values.append(_value(tokens))
    tokens.take("]")
    return tuple(values)


def _value(tokens: _Tokens) -> Value:
    token = tokens.take()
    if token.startswith('"'):
        text: str = json.loads(token)
        return text
    number = _number(token)
    if number is None:
        raise UnknownRule(f"The twin does not evaluate an expression with {token}; it compares with numbers and texts.")
    return number


def _number(value: Value) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
