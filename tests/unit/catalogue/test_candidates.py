"""The models that a workflow can name: each complete, and none that it could not ask."""

from __future__ import annotations

import datetime
import re

import pytest

from cdk_app.catalogue import (
    CATALOGUE,
    ENTRIES,
    FACTS_READ,
    GEOGRAPHIES,
    Entry,
    Model,
    SecondPrice,
    TokenPrice,
    why_not_a_candidate,
)

MODELS = pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))


def test_every_model_is_found_by_its_own_key() -> None:
    assert all(CATALOGUE[model.key] is model for model in CATALOGUE.values())
    assert next(iter(CATALOGUE)) == "extractive-lead"


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
        assert datetime.date.fromisoformat(model.end_of_life).isoformat() == model.end_of_life


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


def test_a_workflow_names_only_what_answers_converse_with_text() -> None:
    for model in CATALOGUE.values():
        entry = ENTRIES[model.key]
        assert entry.kind == "chat"
        assert "text" in entry.reads
        assert entry.writes == ("text",)
        if model.platform == "bedrock":
            assert entry.abilities is not None
            assert entry.abilities.converse
            assert model.sampling is (entry.abilities.sampling is not False)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("titan-embed-text-v2", "is a model for embeddings"),
        ("cohere-rerank-v3-5", "is a model for ranking"),
        ("stable-image-core", "is a model for images"),
        ("smollm2-1-7b-instruct", "is not on Bedrock"),
        ("claude-sonnet-4-5", "is a legacy model"),
        ("jamba-1-5-mini", "has been switched off on 2026-11-26"),
        ("mistral-7b-instruct", "is not known to answer Converse"),
    ],
)
def test_of_every_other_model_it_is_told_why_not(key: str, reason: str) -> None:
    assert key not in CATALOGUE
    assert (why_not_a_candidate(ENTRIES[key]) or "").startswith(reason)


def test_no_candidate_lacks_what_it_is_compared_by() -> None:
    nova = ENTRIES["nova-micro"]
    without_price = nova.model_copy(update={"prices": ()})
    without_context = nova.model_copy(update={"limits": None})
    assert "no known price" in (why_not_a_candidate(without_price) or "")
    assert "no known context" in (why_not_a_candidate(without_context) or "")


def test_no_candidate_has_ended_before_the_facts_were_read() -> None:
    days = [datetime.date.fromisoformat(m.end_of_life) for m in CATALOGUE.values() if m.end_of_life]
    assert days
    assert min(days) > FACTS_READ


def test_of_a_geographic_profile_every_geography_that_templates_know_has_a_price() -> None:
    for model in CATALOGUE.values():
        prices = dict(model.prices_by_geography)
        if prices:
            assert model.inference_profile == "geographic"
            assert set(prices) == set(GEOGRAPHIES.values())
            assert prices["us"] == model.price
    assert CATALOGUE["nova-lite"].prices_by_geography


def test_a_model_is_compared_by_the_price_of_the_way_that_it_is_asked() -> None:
    def listed(entry: Entry, by: str) -> TokenPrice:
        price = entry.price(by, "1k tokens")
        assert price is not None
        assert price.usd_in is not None
        assert price.usd_out is not None
        return TokenPrice(price.usd_in, price.usd_out)

    by_profile = {"geographic": "us", "global": "global", None: "on-demand"}
    for model in CATALOGUE.values():
        if model.platform == "bedrock":
            assert model.price == listed(ENTRIES[model.key], by_profile[model.inference_profile])
