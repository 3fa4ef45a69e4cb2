"""The card of a model package: a JSON text that the service judges by a schema.

The schema is the simplified one of model packages, version 0.1.0, as the developer guide has it ("Model package model
card schema"). Here it is a tree of small checks, each of which names the place that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twin.emulator.hooks import Json
from twin.sagemaker import errors

Check = Callable[[Any, str], Iterator[str]]


def text(most: int | None = None, least: int = 0, among: tuple[str, ...] = ()) -> Check:
    """A string of bounded length, or one of some."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{place} must be a string"
        elif most is not None and len(value) > most:
            yield f"{place} is longer than {most} characters"
        elif len(value) < least:
            yield f"{place} must not be empty"
        elif among and value not in among:
            yield f"{place} must be one of {', '.join(among)}"

    return check


def kinds(*types: type) -> Check:
    """A value of one of these types; a truth value is no number."""

    def check(value: Any, place: str) -> Iterator[str]:
        if (isinstance(value, bool) and bool not in types) or not isinstance(value, types):
            yield f"{place} must be of type {' or '.join(kind.__name__ for kind in types)}"

    return check


def items(each: Check, most: int | None = None, least: int = 0) -> Check:
    """A list."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{place} must be a list"
            return
        if (most is not None and len(value) > most) or len(value) < least:
            yield f"{place} has {len(value)} items"
        for number, item in enumerate(value):
            yield from each(item, f"{place}[{number}]")

    return check


def members(known: Mapping[str, Check], required: tuple[str, ...] = (), closed: bool = True) -> Check:
    """An object of these members and, where it is closed, of no others."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{place} must be an object"
            return
        yield from (f"{place}.{name} is missing" for name in required if name not in value)
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, f"{place}.{name}")
            elif closed:
                yield f"{place}.{name} is not in the schema"

    return check


def values(each: Check) -> Check:
    """An object of whatever members."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{place} must be an object"
            return
        for name, inner in value.items():
            yield from each(inner, f"{place}.{name}")

    return check


def anything(_value: Any, _place: str) -> Iterator[str]:
    """What the schema does not bind."""
    return iter(())


_NUMBER, _LONG, _LINE = kinds(int, float), text(2048), text(1024)
_AXES = items(text(63))
_NAME = text(least=1)
_SHORT = items(_NUMBER, least=1)


def _metric(kind: tuple[str, ...], value: Check, x: Check = text(63), y: Check = text(63)) -> Check:  # noqa: B008
    known = {"name": _NAME, "notes": _LINE, "type": text(among=kind), "value": value}
    return members({**known, "x_axis_name": x, "y_axis_name": y}, ("name", "type", "value"))


def _simple_value(value: Any, place: str) -> Iterator[str]:
    yield from text(63)(value, place) if isinstance(value, str) else kinds(int, float, bool)(value, place)


_SIMPLE = _metric(("number", "string", "boolean"), _simple_value)
_METRICS: dict[str, Check] = {
    "bar_chart": _metric(("bar_chart",), _SHORT, x=_AXES),
    "linear_graph": _metric(("linear_graph",), items(items(_NUMBER, 2, 2), least=1)),
    "matrix": _metric(("matrix",), items(items(_NUMBER, 20, 1), 20, 1), x=_AXES, y=_AXES),
}


def _any_metric(value: Any, place: str) -> Iterator[str]:
    kind = value.get("type") if isinstance(value, dict) else None
    yield from _METRICS.get(str(kind), _SIMPLE)(value, place)


_TRAINING_METRICS = items(members({"name": _NAME, "notes": _LINE, "value": _NUMBER}, ("name", "value")))
_HYPERPARAMETERS = items(members({"name": _NAME, "value": _NAME}, ("name", "value")))
_ADDRESSES = items(_LINE)

_TRAINING_JOB = members(
    {
        "training_arn": _LINE,
        "training_datasets": _ADDRESSES,
        "training_environment": members({"container_image": _ADDRESSES}),
        "training_metrics": _TRAINING_METRICS,
        "user_provided_training_metrics": _TRAINING_METRICS,
        "hyper_parameters": _HYPERPARAMETERS,
        "user_provided_hyper_parameters": _HYPERPARAMETERS,
    }
)
_EVALUATION = members(
    {
        "name": _NAME,
        "evaluation_observation": text(2096),
        "evaluation_job_arn": text(256),
        "datasets": items(_LINE, 10),
        "metadata": values(_LINE),
        "metric_groups": items(
            members({"name": _NAME, "metric_data": items(_any_metric)}, ("name", "metric_data"), closed=False)
        ),
    },
    ("name",),
)
CARD = members(
    {
        "model_overview": members({"model_creator": _LINE, "model_artifact": _ADDRESSES}),
        "intended_uses": members(
            {
                "purpose_of_model": _LONG,
                "intended_uses": _LONG,
                "factors_affecting_model_efficiency": _LONG,
                "risk_rating": text(among=("High", "Medium", "Low", "Unknown")),
                "explanations_for_risk_rating": _LONG,
            }
        ),
        "business_details": members(
            dict.fromkeys(("business_problem", "business_stakeholders", "line_of_business"), _LONG)
        ),
        "training_details": members(
            {"objective_function": anything, "training_observations": _LINE, "training_job_details": _TRAINING_JOB}
        ),
        "evaluation_details": items(_EVALUATION),
        "additional_information": members(
            {
                "ethical_considerations": _LONG,
                "caveats_and_recommendations": _LONG,
                "custom_details": values(_LINE),
            }
        ),
    }
)


def problems(content: str) -> list[str]:
    """What is wrong with the text of a card; nothing where it follows the schema."""
    try:
        card = json.loads(content, parse_constant=_no_number)
    except ValueError as error:
        return [f"it is not JSON: {error}"]
    return list(CARD(card, "$"))


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def require_card(card: Json) -> None:
    """Raise ValidationException where the card of a request does not follow the schema."""
    if found := problems(card.get("ModelCardContent") or "{}"):
        raise errors.validation(f"Model card content does not follow its schema: {'; '.join(found)}.")
