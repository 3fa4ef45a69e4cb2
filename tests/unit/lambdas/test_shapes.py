"""What travels between functions survives the way there and back, and a wrong piece of it is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.cost import TimePrice, TokenPrice, parse_price
from lambdas.shared.errors import InvalidEvent, InvalidTarget
from lambdas.shared.fields import Fields
from lambdas.shared.run import parse_run, run_of
from lambdas.shared.targets import (
    BedrockTarget,
    ExtractiveTarget,
    SageMakerTarget,
    Target,
    parse_target,
    target_document,
)

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
IMPORTED = "arn:aws:bedrock:eu-west-1:123456789012:imported-model/abc123def456"


def test_the_run_survives_the_way_through_the_state_machine(run: dict[str, Any]) -> None:
    run["champion"] = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": "r1"}

    assert parse_run(Fields(run, "the run")).document() == run


@pytest.mark.parametrize("floor", [0, 1, -0.5, 1.5])
def test_a_floor_that_leaves_the_gate_open_or_shut_for_ever_is_refused(run: dict[str, Any], floor: float) -> None:
    run["floor"] = floor

    with pytest.raises(InvalidEvent, match="above 0 and below 1"):
        run_of({"run": run})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run_id": None}, "'run_id' is missing"),
        ({"run_id": " "}, "'run_id' must be a string that is not blank"),
        ({"sample_size": True}, "'sample_size' must be a number, not true"),
        ({"sample_size": 1.5}, "'sample_size' must be a whole number"),
        ({"sample_size": 0}, "'sample_size' is 0, not between 1 and"),
        ({"metric": "bleu"}, "'bleu' is not one of those for summarization: rougeL"),
        ({"metric": "accuracy"}, "'accuracy' is not one of those for summarization: rougeL"),
        ({"task": {"kind": "poetry", "instruction": "x"}}, "'poetry', which there is not; kinds are summarization,"),
        ({"approval": "maybe"}, "not one of manual, automatic"),
        ({"tuning_enabled": "yes"}, "'tuning_enabled' must be true or false"),
        ({"candidates": {}}, "'candidates' must be a list, not an object"),
        ({"candidates": [7]}, r"the event, run, candidates\[0\]"),
        ({"tuning": {"Epochs": 1}}, "'Epochs' must be a string"),
        ({"champion": {"kind": "other", "run_id": "r"}}, "'other' is not sagemaker"),
    ],
)
def test_a_wrong_field_of_the_run_is_named(run: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEvent, match=message):
        run_of({"run": {**run, **change}})


TEXT = st.text(min_size=1).filter(str.strip)


@given(
    st.one_of(
        st.builds(SageMakerTarget, TEXT, TEXT, TEXT),
        st.builds(BedrockTarget, TEXT, TEXT, TEXT, st.none() | TEXT),
        st.builds(ExtractiveTarget, TEXT),
    )
)
def test_a_target_survives_the_way_through_its_parameter(target: Target) -> None:
    assert parse_target(json.dumps(target_document(target))) == target


def test_none_is_no_target() -> None:
    assert parse_target(" none\n") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "bedrock"}', '{"kind": "x", "run_id": "r"}', "[" * 9000])
def test_anything_else_in_the_parameter_is_refused(text: str) -> None:
    with pytest.raises(InvalidTarget):
        parse_target(text)


def test_labels_show_neither_account_nor_region() -> None:
    assert SageMakerTarget("e", PACKAGE, "r").label == "fourfold-dev/3"
    assert BedrockTarget(IMPORTED, "zero-shot", "r").label == "abc123def456"
    assert BedrockTarget("amazon.nova-micro-v1:0", "zero-shot", "r").label == "amazon.nova-micro-v1:0"


def test_a_request_costs_its_tokens_or_its_seconds() -> None:
    assert TokenPrice(0.5, 2.0).usd(1000, 250, 9.0) == 1.0
    assert TimePrice(0.25).usd(1000, 250, 2.0) == 0.5


def test_a_price_of_nothing_is_a_price() -> None:
    assert parse_price(Fields({"usd_per_second": 0}, "the price")) == TimePrice(0)
    assert parse_price(Fields({"usd_per_1k_input_tokens": 0, "usd_per_1k_output_tokens": 0}, "p")) == TokenPrice(0, 0)


@pytest.mark.parametrize("price", [{}, {"usd_per_1k_input_tokens": 1.0}, {"usd_per_second": -1}])
def test_no_candidate_is_free_by_omission(price: dict[str, float]) -> None:
    with pytest.raises(InvalidEvent):
        parse_price(Fields(price, "the price"))
