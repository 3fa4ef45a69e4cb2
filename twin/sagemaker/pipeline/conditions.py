"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from twin.sagemaker.pipeline.expressions import ExpressionError

Resolve = Callable[[Any], Any]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# The members of each type of condition, besides Type.
MEMBERS: dict[str, frozenset[str]] = {
    **{kind: frozenset({"LeftValue", "RightValue"}) for kind in _COMPARISONS},
    "In": frozenset({"QueryValue", "Values"}),
    "Not": frozenset({"Expression"}),
    "Or": frozenset({"Conditions"}),
    "And": frozenset({"Conditions"}),
}


def holds(condition: Any, resolve: Resolve) -> bool:
    """Whether a condition holds. Raises ExpressionError where its values cannot be had or compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Expression"], resolve)
    if kind == "Or":
        return any(holds(inner, resolve) for inner in condition["Conditions"])
    if kind == "And":
        return all(holds(inner, resolve) for inner in condition["Conditions"])
    if kind == "In":
        wanted = resolve(condition["QueryValue"])
        return any(_equal(wanted, resolve(value)) for value in condition["Values"])
    left, right = resolve(condition["LeftValue"]), resolve(condition["RightValue"])
    if kind == "Equals":
        return _equal(left, right)
    if not (_ordered(left, right)):
        raise ExpressionError(f"{kind} cannot compare {left!r} with {right!r}.")
    return _COMPARISONS[kind](left, right)


def _equal(left: Any, right: Any) -> bool:
    # In Python True == 1; in a definition they differ.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _ordered(left: Any, right: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return numbers or (isinstance(left, str) and isinstance(right, str))


def problems(condition: Any, path: str) -> list[str]:
    """What is wrong with the form of a condition."""
    if not isinstance(condition, dict) or condition.get("Type") not in MEMBERS:
        kind = condition.get("Type") if isinstance(condition, dict) else condition
        return [f"The condition type '{kind}' at {path} is not supported."]
    wanted = MEMBERS[condition["Type"]]
    given = set(condition) - {"Type"}
    if given != wanted:
        return [f"The condition at {path} must have exactly {', '.join(sorted(wanted))}."]
    if condition["Type"] == "Not":
        return problems(condition["Expression"], f"{path}.Expression")
    found: list[str] = []
    for number, inner in enumerate(condition.get("Conditions", [])):
        found += problems(inner, f"{path}.Conditions[{number}]")
    return found
