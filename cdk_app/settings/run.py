"""What the state machine's first function starts every run from: the defaults, and what may be overridden."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from cdk_app.catalogue import CATALOGUE, ENTRIES, TRAINING_DATA, Model, SecondPrice, customization
from cdk_app.settings.declarations import declarations
from cdk_app.settings.model import Settings
from cdk_app.settings.problems import Problem, SettingsError
from cdk_app.settings.search import ONLY_FOR

MAX_BYTES = 4096
"""Longest value of an SSM parameter of the standard tier."""

OVERRIDABLE = (
    "data.dataset",
    "data.base_run",
    "data.minimum_records",
    "selection.floor",
    "selection.sample_size",
    "tuning.service",
    "tuning.method",
    "tuning.trained_layers",
    "tuning.objective",
    "tuning.rank",
    "tuning.alpha",
    "tuning.dropout",
    "tuning.learning_rate",
    "tuning.warm_up",
    "tuning.schedule",
    "tuning.weight_decay",
    "tuning.epochs",
    "tuning.patience",
    "tuning.batch_size",
    "tuning.max_length",
    "tuning.max_examples",
    "tuning.test_examples",
    "tuning.seed",
    "tuning.minimum_loss_reduction",
    "tuning.instance_type",
    "tuning.instances",
    "tuning.evaluation_instance_type",
    "tuning.max_runtime_minutes",
    "approval",
)
"""Settings that the input of an execution may override."""

INPUT_NAMES = {"data.dataset": "dataset"}
"""Settings that the input of an execution calls otherwise."""

GATES = ("data.minimum_records", "selection.floor", "tuning.minimum_loss_reduction")
"""Gates, for which more is stricter: one run may ask for more than what was deployed, never for less."""

_DEPLOYED = {"dataset", "glue", "quality_rules", "retention_days", "trigger_on_new_data"}
"""Keys of `data` that say what is deployed; a run has no use for them."""

_OF_THE_PIPELINE = {
    "keep_alive_minutes",
    "quantization",
    "quantization_tolerance",
    "retries",
    "search",
    "usd_per_hour",
}
"""Keys of `tuning` that a run has no use for: what is deployed has them."""

_JUDGE = "Judge"
_SIDES = {"Input": "usd_per_1k_input_tokens", "Output": "usd_per_1k_output_tokens"}
_LITERAL_REFERENCE = re.compile(r"\$\{(?!AWS::(?:Partition|Region|AccountId)\}|BedrockGeography\})")
# A price becomes a number, so it stands without quotation marks.
_OPEN_PRICE = re.compile(r'(_tokens":)"<((?:Candidate\d+|Judge)(?:Input|Output))>"')


def run_settings(settings: Settings) -> dict[str, Any]:
    """Return `{"defaults": …, "bounds": …}`, the values of the two SSM parameters that runs start from.

    `defaults` nests like `workflow.yaml`, except that `dataset` and `candidates` stand at its top. `bounds`
    has the dotted name of everything that the input of an execution may override, with its `type` and, where
    they exist, `minimum`, `maximum`, `choices` and `pattern`. A candidate's `model_id` is a template for
    `Fn::Sub` (see `cdk_app.catalogue.Model.converse_model_id`).

    Raises:
        SettingsError: the compact JSON of either is longer than an SSM parameter can hold.
    """
    document = {"defaults": _defaults(settings), "bounds": _bounds(settings)}
    size = max(len(compact_json(value).encode()) for value in document.values())
    if size > MAX_BYTES:
        message = f"what a run starts from takes {size} bytes of JSON, and an SSM parameter holds {MAX_BYTES}"
        remedy = "Name fewer candidates or shorten `task.instruction`."
        raise SettingsError([Problem("", 0, "selection.candidates", message, remedy)])
    return document


def compact_json(document: dict[str, Any]) -> str:
    """Write JSON without a superfluous byte, the same for the same input."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def run_settings_template(settings: Settings) -> str:
    """Return the defaults of a run as JSON text for `Fn::Sub`.

    Only the references of model ids are left open, and the prices that hang on the geography: see `open_prices`.

    Raises:
        SettingsError: as `run_settings`.
    """
    defaults = run_settings(settings)["defaults"]
    for name, model in _priced(settings).items():
        if model.prices_by_geography:
            asked = defaults["selection"]["judge"] if name == _JUDGE else defaults["candidates"][int(name[9:])]
            asked["price"] = {key: f"<{name}{side}>" for side, key in _SIDES.items()}
    return _OPEN_PRICE.sub(r"\1${\2}", _LITERAL_REFERENCE.sub("${!", compact_json(defaults)))


def open_prices(settings: Settings) -> dict[str, dict[str, float]]:
    """Return what `run_settings_template` leaves open beside model ids: by name, the US dollars in each geography."""
    return {
        f"{name}{side}": {by: getattr(price, key) for by, price in model.prices_by_geography}
        for name, model in _priced(settings).items()
        if model.prices_by_geography
        for side, key in _SIDES.items()
    }


def _priced(settings: Settings) -> dict[str, Model]:
    """The models whose prices are compared or counted, by what the templates call them."""
    found = {f"Candidate{index}": model for index, model in enumerate(settings.candidate_models)}
    return found | ({_JUDGE: settings.judge_model} if settings.judge_model else {})


def _defaults(settings: Settings) -> dict[str, Any]:
    return {
        "dataset": settings.data.dataset,
        "task": settings.task.model_dump(),
        "data": settings.data.model_dump(exclude=_DEPLOYED),
        "selection": _selection(settings),
        "candidates": _candidates(settings),
        "tuning": settings.tuning.model_dump(exclude={"bedrock", *_OF_THE_PIPELINE}) | _customization(settings),
        "serving": settings.serving.model_dump(include={"max_output_tokens"}),
        "approval": settings.approval,
        "approval_timeout_hours": settings.approval_timeout_hours,
    }


def _selection(settings: Settings) -> dict[str, Any]:
    """Metric, floor and sample, with the documents, the embedding model and the judge where there are any."""
    selection = settings.selection
    found: dict[str, Any] = selection.model_dump(include={"metric", "floor", "sample_size"})
    if selection.documents:
        found["documents"] = selection.documents.model_dump()
    if selection.embeddings and settings.embedding_model:
        found["embeddings"] = _asked(selection.embeddings.model, settings.embedding_model)
    if selection.judge and settings.judge_model:
        rubric = {"rubric": selection.judge.rubric} if selection.judge.rubric else {}
        judge = _asked(selection.judge.model, settings.judge_model)
        found["judge"] = {**judge, "agreement": selection.judge.agreement, **rubric}
    return found


def _asked(key: str, model: Model) -> dict[str, Any]:
    sampling = {} if model.sampling else {"sampling": False}
    return {"model": key, "model_id": model.converse_model_id, "price": _price(model), **sampling}


def _candidates(settings: Settings) -> list[dict[str, Any]]:
    pairs = zip(settings.selection.candidates, settings.candidate_models, strict=True)
    return [
        {
            **_asked(candidate.model, model),
            "platform": model.platform,
            "strategy": candidate.strategy,
            **candidate.model_dump(include={"examples", "choose", "passages", "search"}, exclude_none=True),
        }
        for candidate, model in pairs
    ]


def _customization(settings: Settings) -> dict[str, Any]:
    """What Bedrock customizes, as a job takes it; nothing where it customizes nothing."""
    bedrock = settings.tuning.bedrock
    if bedrock is None:
        return {}
    model = CATALOGUE[bedrock.model]
    return {
        "bedrock": {
            "name": customization_prefix(settings),
            "model": bedrock.model,
            "model_id": model.converse_model_id,
            "format": TRAINING_DATA[bedrock.model],
            "hyperparameters": {name: _plain(value) for name, value in bedrock.hyperparameters.items()},
            "serving": bedrock.serving,
            "price": _price(model),
        }
    }


def customization_prefix(settings: Settings) -> str:
    """What the names of all that a run makes on Bedrock begin with: Bedrock takes no two hyphens in a row."""
    return re.sub("-+", "-", f"{settings.name}-{settings.environment}")


def customized_model_id(settings: Settings) -> str | None:
    """The id by which a customization job names its base model: not what requests name."""
    bedrock = settings.tuning.bedrock
    facts = customization(bedrock.model, "fine-tuning") if bedrock else None
    if bedrock is None or facts is None:
        return None
    entry = ENTRIES[bedrock.model]
    return facts.base_model_id or (entry.bedrock.model_id if entry.bedrock else None)


def _plain(number: float) -> str:
    """Write a number without an exponent: Bedrock takes its hyperparameters as texts."""
    return format(Decimal(repr(number)), "f")


def _price(model: Model) -> dict[str, float]:
    if isinstance(model.price, SecondPrice):
        return {"usd_per_second": model.price.usd_per_second}
    return {
        "usd_per_1k_input_tokens": model.price.usd_per_1k_input_tokens,
        "usd_per_1k_output_tokens": model.price.usd_per_1k_output_tokens,
    }


def _bounds(settings: Settings) -> dict[str, dict[str, Any]]:
    closed = _closed_by_search(settings)
    open_to_runs = [setting for setting in OVERRIDABLE if setting not in closed]
    bounds = {INPUT_NAMES.get(setting, setting): _bounds_of(setting) for setting in open_to_runs}
    if settings.tuning.enabled:
        bounds["tuning.max_length"]["maximum"] = settings.longest_prompt
    if settings.tuning.bedrock is None:
        bounds["tuning.service"]["choices"] = ["sagemaker"]
    _close_gates(bounds, settings)
    return bounds


def _closed_by_search(settings: Settings) -> set[str]:
    """What is searched has a range and no value that a run could set; nor may a run choose a method that ignores it."""
    searched = settings.tuning.search.settings if settings.tuning.search else ()
    method = {"tuning.method"} if ONLY_FOR.keys() & set(searched) else set()
    return method | {f"tuning.{name}" for name in searched}


def _close_gates(bounds: dict[str, dict[str, Any]], settings: Settings) -> None:
    """Whoever may start an execution need not be whoever may change the deployed settings."""
    deployed = settings.model_dump()
    for gate in GATES:
        section, key = gate.split(".")
        bounds[gate]["minimum"] = deployed[section][key]
    # Each objective is measured by a loss of its own, and texts have no floor: another would be another gate.
    bounds["tuning.objective"]["choices"] = [settings.tuning.objective]
    if settings.approval == "manual":
        bounds["approval"]["choices"] = ["manual"]


def _bounds_of(setting: str) -> dict[str, Any]:
    declared = declarations()[tuple(setting.split("."))]
    bounds: dict[str, Any] = {"type": declared.type}
    for key in ("minimum", "maximum", "choices", "pattern"):
        value = getattr(declared, key)
        if value is not None and value != ():
            bounds[key] = list(value) if isinstance(value, tuple) else value
    return bounds
