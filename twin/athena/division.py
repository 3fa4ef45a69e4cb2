"""Division as Athena means it: of two whole numbers it gives a whole one, and fails where the divisor is 0.

The twin's engine has another sign for that, so what is divided must be known before the query runs. It is told from
the query alone; where that does not tell, the query is refused, since it would give another number here than there.
"""

from __future__ import annotations

from sqlglot import exp

from twin.athena.errors import QueryRefused

_WHOLE, _FLOATING, _DECIMAL = "integer", "double", "decimal"
_BY_TYPE = {
    **dict.fromkeys((exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), _WHOLE),
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE), _FLOATING),
    exp.DType.DECIMAL: _DECIMAL,
}
_COUNTING = (exp.Count, exp.CountIf, exp.Length, exp.ArraySize, exp.ApproxDistinct)
_AS_THEIR_ARGUMENT = (
    *(exp.Paren, exp.Neg, exp.Window, exp.Filter),
    *(exp.Abs, exp.Max, exp.Min, exp.Sum, exp.Round, exp.Ceil, exp.Floor, exp.ApproxQuantile),
)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


def divide_as_athena_does(tree: exp.Query) -> None:
    """Rewrite, in place, the divisions of whole numbers.

    Raises QueryRefused for one whose operands the query does not tell.
    """
    divisions = list(tree.find_all(exp.Div))
    # From the inside to the outside: what is rewritten takes a copy of its operands.
    for division in reversed([found for found in divisions if _checked(found) == _WHOLE]):
        left, right = (exp.Paren(this=operand.copy()) for operand in (division.left, division.right))
        division.replace(exp.Paren(this=exp.IntDiv(this=left, expression=right)))


def _checked(division: exp.Div) -> str:
    kind = _kind(division)
    if kind in (_WHOLE, _FLOATING):
        return kind
    shown, left = division.sql(dialect="athena"), division.left.sql(dialect="athena")
    raise QueryRefused(
        f"NOT_SUPPORTED: the twin's Athena cannot tell whether {shown} divides whole numbers. Say so with a CAST of "
        f"both sides AS bigint, or with CAST({left} AS double)."
    )


def _kind(value: exp.Expr) -> str | None:
    """The kind of number that an expression gives; None where the query does not say."""
    if isinstance(value, exp.Literal):
        return None if value.is_string else _of_literal(value.name.lower())
    if isinstance(value, exp.Cast):
        return _BY_TYPE.get(value.to.this)
    if isinstance(value, _COUNTING):
        return _WHOLE
    if isinstance(value, _AS_THEIR_ARGUMENT):
        return _kind(value.this)
    if isinstance(value, _ARITHMETIC):
        return _of_both(_kind(value.left), _kind(value.right))
    return None


def _of_literal(digits: str) -> str:
    if "e" in digits:
        return _FLOATING
    return _DECIMAL if "." in digits else _WHOLE


def _of_both(left: str | None, right: str | None) -> str | None:
    if _FLOATING in (left, right):
        return _FLOATING
    return left if left == right else None
