"""What a tuning job searches: ranges of hyperparameters, each laid out on the way from 0 to 1.

Values are text, as in the API. A place on the way and a value are two names of one thing: what a search draws or
learns from is a place, scaled as the range says, and what a training job gets is the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Values = dict[str, str]
# `Auto` lets the service choose; here what spans this much is searched by magnitude.
_MAGNITUDES = 100.0


@dataclass(frozen=True)
class Numeric:
    """Numbers from `low` to `high`, both included; whole ones where `whole`."""

    name: str
    low: float
    high: float
    scaling: str
    whole: bool

    def at(self, place: float) -> str:
        """The value at a place from 0 to 1."""
        first, last = (self._ahead(end) for end in self._ends())
        value = min(self.high, max(self.low, self._back(first + place * (last - first))))
        return str(min(int(self.high), max(int(self.low), round(value)))) if self.whole else repr(value)

    def place_of(self, text: str) -> float:
        """The place of a value."""
        first, last = (self._ahead(end) for end in self._ends())
        return (self._ahead(float(text)) - first) / (last - first) if last > first else 0.5

    def _ends(self) -> tuple[float, float]:
        """Where the way begins and ends: each whole number has its half on either side."""
        return (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)

    def _ahead(self, value: float) -> float:
        if self.scaling == "Logarithmic":
            return math.log(value)
        return -math.log1p(-value) if self.scaling == "ReverseLogarithmic" else value

    def _back(self, scaled: float) -> float:
        if self.scaling == "Logarithmic":
            return math.exp(scaled)
        return -math.expm1(-scaled) if self.scaling == "ReverseLogarithmic" else scaled


@dataclass(frozen=True)
class Categorical:
    """One of several values, none nearer to another than a third."""

    name: str
    values: tuple[str, ...]

    def at(self, place: float) -> str:
        """The value at a place from 0 to 1."""
        return self.values[min(len(self.values) - 1, int(place * len(self.values)))]


Range = Numeric | Categorical


def parse(ranges: Mapping[str, Any]) -> tuple[Range, ...]:
    """Read a request's ParameterRanges, in which `problems` found nothing."""
    numeric = [
        Numeric(one["Name"], float(one["MinValue"]), float(one["MaxValue"]), _scaling(one, whole), whole)
        for kind, whole in (("ContinuousParameterRanges", False), ("IntegerParameterRanges", True))
        for one in ranges.get(kind) or ()
    ]
    choices = [Categorical(one["Name"], tuple(one["Values"])) for one in ranges.get("CategoricalParameterRanges") or ()]
    return (*numeric, *choices)


def _scaling(one: Mapping[str, Any], whole: bool) -> str:
    scaling = str(one.get("ScalingType") or "Auto")
    low, high = float(one["MinValue"]), float(one["MaxValue"])
    if scaling != "Auto":
        return scaling
    return "Logarithmic" if low > (0.5 if whole else 0) and high / low >= _MAGNITUDES else "Linear"


def problems(ranges: Mapping[str, Any], static: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a request's ranges."""
    entries = [one for kind in _KINDS for one in ranges.get(kind) or ()]
    names = [one["Name"] for one in entries]
    if not names:
        yield "There is no range: a tuning job needs at least one hyperparameter to search."
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"The hyperparameter {name} has more than one range."
    for name in sorted(set(names) & static.keys()):
        yield f"The hyperparameter {name} is static and has a range: give it one of the two."
    for one in ranges.get("ContinuousParameterRanges") or ():
        yield from _bounds_problems(one, whole=False)
    for one in ranges.get("IntegerParameterRanges") or ():
        yield from _bounds_problems(one, whole=True)


_KINDS = ("ContinuousParameterRanges", "IntegerParameterRanges", "CategoricalParameterRanges")


def _bounds_problems(one: Mapping[str, Any], whole: bool) -> Iterator[str]:
    kind = "whole number" if whole else "number"
    try:
        low, high = ((int if whole else float)(one[end]) for end in ("MinValue", "MaxValue"))
    except ValueError:
        yield f"The range of {one['Name']} is from {one['MinValue']!r} to {one['MaxValue']!r}: each must be a {kind}."
        return
    scaling = one.get("ScalingType")
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        yield f"The range of {one['Name']} ends at {high}, below its beginning {low}."
    elif scaling == "Logarithmic" and low <= 0:
        yield f"The range of {one['Name']} begins at {low}: a logarithmic one must begin above 0."
    elif scaling == "ReverseLogarithmic" and (whole or low < 0 or high >= 1):
        yield f"The range of {one['Name']} is reverse logarithmic: that is for numbers from 0 to below 1."


def combinations(ranges: Sequence[Range]) -> float:
    """How many different trials there are."""
    counts = [
        len(set(one.values))
        if isinstance(one, Categorical)
        else (one.high - one.low + 1 if one.whole else (math.inf if one.high > one.low else 1))
        for one in ranges
    ]
    return math.prod(counts)
