"""What one run starts from: defaults and bounds, small enough for an SSM parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk_app.settings import (
    ENVIRONMENTS,
    Problem,
    Settings,
    SettingsError,
    compact_json,
    load_settings,
    open_prices,
    run_settings,
    run_settings_template,
)
from cdk_app.settings.run import GATES, INPUT_NAMES, MAX_BYTES, OVERRIDABLE

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]
IMPORTED = {"model": "smollm2-135m-instruct", "imported_model_id": "a1b2c3d4e5f6"}
FEW_SHOT = {"model": "nova-lite", "strategy": "few-shot"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_run_settings_of_the_repository_fit_into_a_parameter(environment: str) -> None:
    settings = load_settings(Path(__file__).parents[3] / "workflow.yaml", environment)
    assert len(run_settings_template(settings).encode()) <= MAX_BYTES


def test_every_overridable_setting_has_a_default_within_its_bounds(load: Load, document: dict[str, Any]) -> None:
    run = run_settings(load(document))
    assert set(run["bounds"]) == {INPUT_NAMES.get(setting, setting) for setting in OVERRIDABLE}
    for name, bounds in run["bounds"].items():
        value = run["defaults"]
        for step in name.split("."):
            value = value[step]
        if name == "tuning.learning_rate":
            assert value is None, "left open, it is that of the method that the run has in the end"
            continue
        assert bounds.get("minimum", value) <= value <= bounds.get("maximum", value)
        assert value in bounds.get("choices", [value])
        assert re.search(bounds.get("pattern", ""), str(value))


def test_bounds_are_those_that_the_settings_declare(load: Load, document: dict[str, Any]) -> None:
    bounds = run_settings(load(document))["bounds"]
    assert bounds["tuning.rank"] == {"type": "integer", "minimum": 1, "maximum": 256}
    assert bounds["dataset"] == {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}


@pytest.mark.parametrize("gate", GATES)
def test_an_override_may_tighten_a_gate_but_not_loosen_it(load: Load, document: dict[str, Any], gate: str) -> None:
    section, key = gate.split(".")
    document.setdefault(section, {})[key] = deployed = 500 if key == "minimum_records" else 0.4
    bounds = run_settings(load(document))["bounds"][gate]
    assert bounds["minimum"] == deployed < bounds["maximum"]


def test_an_override_may_ask_for_a_persons_approval_but_not_do_without_it(load: Load, document: dict[str, Any]) -> None:
    for deployed, choices in (("manual", ["manual"]), ("automatic", ["manual", "automatic"])):
        document["approval"] = deployed
        assert run_settings(load(document))["bounds"]["approval"] == {"type": "string", "choices": choices}


@pytest.mark.parametrize("objective", ["supervised", "continued-pretraining"])
def test_an_override_may_not_change_by_what_the_gate_measures(
    load: Load, document: dict[str, Any], objective: str
) -> None:
    document["tuning"] = {"objective": objective}
    bounds = run_settings(load(document))["bounds"]
    assert bounds["tuning.objective"]["choices"] == [objective]
    assert not {"tuning.beta", "tuning.label_smoothing"} & bounds.keys()


def test_an_override_cannot_outgrow_what_the_endpoint_can_answer(load: Load, document: dict[str, Any]) -> None:
    document["serving"] = {"max_output_tokens": 100}
    assert run_settings(load(document))["bounds"]["tuning.max_length"]["maximum"] == 3996


def test_without_tuning_no_bound_is_beyond_another(load: Load, document: dict[str, Any]) -> None:
    document |= {"tuning": {"enabled": False}, "serving": {"max_output_tokens": 8192}}
    length = run_settings(load(document))["bounds"]["tuning.max_length"]
    assert length["minimum"] < length["maximum"]


def test_candidates_carry_what_is_needed_to_ask_and_to_price_them(load: Load, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [
        {"model": "extractive-lead", "strategy": "extractive"},
        {"model": "nova-lite", "strategy": "few-shot", "examples": 3},
        IMPORTED,
    ]
    baseline, nova, imported = run_settings(load(document))["defaults"]["candidates"]
    assert (baseline["model_id"], baseline["platform"], baseline["strategy"]) == ("", "lambda", "extractive")
    assert nova == {
        "model": "nova-lite",
        "platform": "bedrock",
        "model_id": "${BedrockGeography}.amazon.nova-lite-v1:0",
        "strategy": "few-shot",
        "examples": 3,
        "price": {"usd_per_1k_input_tokens": 0.00006, "usd_per_1k_output_tokens": 0.00024},
    }
    arn = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:imported-model/a1b2c3d4e5f6"
    assert imported["model_id"] == arn
    assert imported["price"]["usd_per_second"] > 0


def test_the_template_leaves_open_the_references_of_model_ids_alone(load: Load, document: dict[str, Any]) -> None:
    document["task"]["instruction"] = "Keep ${name}, ${AWS::StackName} and $5; write $${x}."
    document["selection"]["candidates"].append(IMPORTED)
    template = run_settings_template(load(document))
    references = set(re.findall(r"\$\{([^!}][^}]*)\}", template))
    prices = {"Candidate0Input", "Candidate0Output"}
    assert references == {"AWS::Partition", "AWS::Region", "AWS::AccountId", "BedrockGeography"} | prices
    restored = json.loads(re.sub(r"\$\{Candidate\d\w+\}", "1e-05", template).replace("${!", "${"))
    assert restored["task"]["instruction"] == document["task"]["instruction"]


def test_a_price_that_hangs_on_the_geography_is_left_open_and_that_of_each_is_told(
    load: Load, document: dict[str, Any]
) -> None:
    settings = load(document)
    found = open_prices(settings)

    assert '"price":{"usd_per_1k_input_tokens":${Candidate0Input},' in run_settings_template(settings)
    assert found["Candidate0Input"] == {"apac": 3.7e-05, "eu": 4.6e-05, "us": 3.5e-05}
    assert found["Candidate0Output"] == {"apac": 0.000148, "eu": 0.000184, "us": 0.00014}
    document["selection"]["candidates"] = [{"model": "claude-haiku-4-5"}]
    assert open_prices(load(document)) == {}


def test_run_settings_too_long_for_a_parameter_are_refused_when_the_file_is_loaded(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["selection"]["candidates"] = [FEW_SHOT | {"examples": count} for count in range(1, 9)]
    document["task"]["instruction"] = "é" * 1000
    (problem,) = problems(document)
    assert problem.key == "selection.candidates"
    assert "an SSM parameter holds 4096" in problem.message
    document["task"]["instruction"] = "x" * 900
    load(document)


def test_run_settings_too_long_for_a_parameter_are_refused_by_themselves(load: Load, document: dict[str, Any]) -> None:
    settings = load(document)
    long = settings.task.model_copy(update={"instruction": "é" * 2000})
    with pytest.raises(SettingsError, match="SSM parameter"):
        run_settings(settings.model_copy(update={"task": long}))


def test_the_same_settings_give_the_same_bytes(load: Load, document: dict[str, Any]) -> None:
    first, second = (compact_json(run_settings(load(document))) for _ in range(2))
    assert first == second
    assert ": " not in first


def test_a_run_knows_which_candidates_take_no_temperature(load: Load, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [{"model": "nova-micro"}, {"model": "claude-opus-5"}]

    found = run_settings(load(document))["defaults"]["candidates"]

    assert [candidate.get("sampling", True) for candidate in found] == [True, False]
