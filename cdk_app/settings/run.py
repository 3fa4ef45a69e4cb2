"""The part of the settings that one run may override, as the state machine's first function reads it."""

from __future__ import annotations

import json
from typing import Any

from cdk_app.catalogue import CATALOGUE, Model, SecondPrice
from cdk_app.settings.declarations import declarations
from cdk_app.settings.model import Settings
from cdk_app.settings.problems import Problem, SettingsError

MAX_BYTES = 4096
"""Longest value of an SSM parameter of the standard tier."""

OVERRIDABLE: dict[str, str] = {
    "dataset": "data.dataset",
    "approval": "approval",
    **{f"selection.{key}": f"selection.{key}" for key in ("floor", "sample_size")},
    **{
        f"tuning.{key}": f"tuning.{key}"
        for key in (
            "rank",
            "alpha",
            "dropout",
            "learning_rate",
            "epochs",
            "batch_size",
            "max_length",
            "max_examples",
            "test_examples",
            "seed",
            "minimum_loss_reduction",
            "instance_type",
            "evaluation_instance_type",
            "max_runtime_minutes",
        )
    },
}
"""What an execution's input calls a setting, and the setting it overrides."""

_FIXED = {"selection.metric": "selection.metric", "tuning.enabled": "tuning.enabled", "tuning.model": "tuning.model"}


def run_settings(settings: Settings) -> dict[str, Any]:
    """Return `{"defaults": …, "bounds": …}` for the SSM parameter that runs start from.

    `defaults` nests like an execution's input, and adds what a run needs and may not override: `candidates`,
    and the metric and the model to tune. `bounds` maps each dotted name that may be overridden to its `type`,
    and where they exist `minimum`, `maximum`, `choices` and `pattern`. Model ids may hold the CloudFormation
    references `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}`.

    Raises:
        SettingsError: the compact JSON is longer than an SSM parameter can hold.
    """
    defaults: dict[str, Any] = {}
    for name, setting in {**OVERRIDABLE, **_FIXED}.items():
        _put(defaults, name.split("."), _get(settings, setting))
    defaults["candidates"] = _candidates(settings)
    document = {"defaults": defaults, "bounds": {name: _bounds(settings, at) for name, at in OVERRIDABLE.items()}}
    size = len(compact_json(document).encode())
    if size > MAX_BYTES:
        remedy = "Name fewer candidates."
        message = f"the settings of a run take {size} bytes of JSON; an SSM parameter holds {MAX_BYTES}"
        raise SettingsError([Problem("workflow settings", 0, "selection.candidates", message, remedy)])
    return document


def compact_json(document: dict[str, Any]) -> str:
    """Write JSON without a superfluous byte, the same for the same input."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _candidates(settings: Settings) -> list[dict[str, Any]]:
    pairs = zip(settings.selection.candidates, settings.candidate_models, strict=True)
    return [
        {
            "model": candidate.model,
            "platform": model.platform,
            "model_id": bedrock_model_id(model),
            "inference_profile": model.inference_profile,
            "strategy": candidate.strategy,
            "examples": candidate.examples or 0,
            "price": _price(model),
        }
        for candidate, model in pairs
    ]


def bedrock_model_id(model: Model) -> str:
    """Return what Bedrock's `modelId` must be, with CloudFormation references; empty where there is no model."""
    if model.platform == "bedrock-import":
        arn = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:imported-model/"
        return f"{arn}{model.model_id}"
    return model.model_id or ""


def _price(model: Model) -> dict[str, float]:
    if isinstance(model.price, SecondPrice):
        return {"usd_per_second": model.price.usd_per_second}
    return {
        "usd_per_1k_input_tokens": model.price.usd_per_1k_input_tokens,
        "usd_per_1k_output_tokens": model.price.usd_per_1k_output_tokens,
    }


def _bounds(settings: Settings, setting: str) -> dict[str, Any]:
    declared = declarations()[tuple(setting.split("."))]
    bounds: dict[str, Any] = {"type": declared.type}
    for key in ("minimum", "maximum", "choices", "pattern"):
        value = getattr(declared, key)
        if value not in (None, ()):
            bounds[key] = list(value) if isinstance(value, tuple) else value
    if setting == "tuning.max_length":
        bounds["maximum"] = min(bounds["maximum"], CATALOGUE[settings.tuning.model].context_tokens)
    return bounds


def _get(settings: Settings, dotted_name: str) -> Any:
    value: Any = settings
    for step in dotted_name.split("."):
        value = getattr(value, step)
    return value


def _put(target: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        target = target.setdefault(step, {})
    target[steps[-1]] = value
