"""The model catalogue: complete, and consistent within every entry."""

from __future__ import annotations

import datetime
import re

import pytest

from cdk_app.catalogue import CATALOGUE, GEOGRAPHIES, Model, SecondPrice, TokenPrice

MODELS = pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))


def test_every_model_is_found_by_its_own_key() -> None:
    assert all(CATALOGUE[model.key] is model for model in CATALOGUE.values())
    assert 8 <= len(CATALOGUE) <= 12


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["nova-micro"] = CATALOGUE["nova-lite"]  # type: ignore[index]


@MODELS
def test_keys_are_fit_for_object_keys_and_job_names(model: Model) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,40}", model.key)


@MODELS
def test_no_model_is_free(model: Model) -> None:
    if isinstance(model.price, TokenPrice):
        assert 0 < model.price.usd_per_1k_input_tokens <= model.price.usd_per_1k_output_tokens
    else:
        assert model.price.usd_per_second > 0


@MODELS
def test_models_on_demand_are_billed_by_the_token_and_others_by_time(model: Model) -> None:
    assert isinstance(model.price, TokenPrice if model.platform == "bedrock" else SecondPrice)


@MODELS
def test_only_models_on_demand_have_an_id_of_their_own(model: Model) -> None:
    assert (model.model_id is not None) == (model.platform == "bedrock")
    assert model.inference_profile is None or model.platform == "bedrock"


@MODELS
def test_an_announced_end_is_a_date(model: Model) -> None:
    if model.end_of_life is not None:
        datetime.date.fromisoformat(model.end_of_life)


def test_a_model_is_customizable_if_its_weights_are_open() -> None:
    smollm2 = CATALOGUE["smollm2-135m-instruct"]
    assert smollm2.customizable
    assert smollm2.hugging_face_id == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert not CATALOGUE["claude-haiku-4-5"].customizable


@pytest.mark.parametrize(
    ("key", "model_id"),
    [
        ("extractive-lead", ""),
        ("ministral-3-8b-instruct", "mistral.ministral-3-8b-instruct"),
        ("nova-micro", "${BedrockGeography}.amazon.nova-micro-v1:0"),
        ("claude-haiku-4-5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
    ],
)
def test_requests_name_the_profile_where_the_model_needs_one(key: str, model_id: str) -> None:
    assert CATALOGUE[key].converse_model_id == model_id


def test_requests_name_an_imported_model_by_its_arn() -> None:
    imported = CATALOGUE["smollm2-135m-instruct"].imported_as("a1b2c3d4e5f6")
    arn = "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:imported-model/a1b2c3d4e5f6"
    assert imported.converse_model_id == arn
    assert CATALOGUE["smollm2-135m-instruct"].model_id is None


def test_an_imported_model_without_its_id_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="imported_model_id"):
        _ = CATALOGUE["smollm2-135m-instruct"].converse_model_id


def test_geographies_are_the_prefixes_of_inference_profiles() -> None:
    assert GEOGRAPHIES["us-east-1"] == "us"
    assert GEOGRAPHIES["eu-central-1"] == "eu"
    assert GEOGRAPHIES["ap-northeast-1"] == "apac"
    assert set(GEOGRAPHIES.values()) == {"us", "eu", "apac"}
