"""Picking models: every condition holds of what is picked, and what is not known fits nothing."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.catalogue import ENTRIES
from cdk_app.catalogue.entry import Platform
from cdk_app.catalogue.facts import Kind, Medium, Method, Price
from cdk_app.catalogue.filters import Query, dearer_side, select, usual_prices

REGIONS = sorted({region for entry in ENTRIES.values() if entry.bedrock for region in entry.bedrock.regions})

CUSTOMIZING_REGIONS = sorted({r for entry in ENTRIES.values() for one in entry.customizations for r in one.regions})


def keys(query: Query) -> list[str]:
    return [entry.key for entry in select(ENTRIES.values(), query)]


def test_no_condition_picks_everything_in_its_order() -> None:
    assert keys(Query()) == list(ENTRIES)


@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        (Query(provider="MISTRAL"), "mistral-large-3", "nova-pro"),
        (Query(kind="rerank"), "amazon-rerank", "nova-pro"),
        (Query(modality="video"), "nova-lite", "nova-micro"),
        (Query(modality="embedding"), "titan-embed-text-v2", "nova-micro"),
        (Query(region="eu-west-2"), "nova-micro", "llama-3-1-8b-instruct"),
        (Query(max_price=0.32), "nova-lite", "nova-pro"),
        (Query(customizable="distillation"), "nova-micro", "nova-pro"),
        (Query(licence="apache"), "gpt-oss-20b", "claude-haiku-4-5"),
        (Query(min_context=1_000_000), "nova-2-lite", "nova-pro"),
        (Query(runs_on="sagemaker"), "nova-pro", "claude-haiku-4-5"),
        (Query(streaming=True), "nova-pro", "amazon-rerank"),
        (Query(tool_use=True), "nova-pro", "llama-3-8b-instruct"),
        (Query(provider="amazon", kind="chat", max_price=1), "nova-micro", "nova-pro"),
    ],
)
def test_a_condition_keeps_what_fits(query: Query, found: str, not_found: str) -> None:
    picked = keys(query)
    assert found in picked
    assert not_found not in picked


@pytest.mark.parametrize(
    "query",
    [Query(max_price=1e9), Query(min_context=1), Query(licence="e"), Query(streaming=True), Query(tool_use=True)],
)
def test_what_is_not_known_fits_nothing(query: Query) -> None:
    unknown = ENTRIES["nova-micro"].model_copy(
        update={"prices": (), "limits": None, "licence": None, "abilities": None}
    )
    assert select([unknown], query) == []


QUERIES = st.builds(
    Query,
    provider=st.sampled_from([None, "a", "Anthropic", "meta"]),
    kind=st.sampled_from([None, *get_args(Kind)]),
    modality=st.sampled_from([None, *get_args(Medium)]),
    region=st.sampled_from([None, *REGIONS]),
    max_price=st.one_of(st.none(), st.floats(0, 100)),
    customizable=st.sampled_from([None, *get_args(Method)]),
    licence=st.sampled_from([None, "apache", "terms"]),
    min_context=st.one_of(st.none(), st.integers(1, 2_000_000)),
    runs_on=st.sampled_from([None, *get_args(Platform)]),
    streaming=st.sampled_from([None, True]),
    tool_use=st.sampled_from([None, True]),
)


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize("region", CUSTOMIZING_REGIONS)
def test_a_method_and_a_region_keep_what_is_customized_so_there(method: Method, region: str) -> None:
    offering = [
        key
        for key, entry in ENTRIES.items()
        if any(one.method == method and region in one.regions for one in entry.customizations)
    ]
    assert keys(Query(customizable=method, region=region)) == offering


def test_a_model_that_answers_in_a_region_and_is_customized_in_another_is_not_kept() -> None:
    assert "nova-micro" in keys(Query(region="eu-west-2"))
    assert "nova-micro" in keys(Query(customizable="fine-tuning"))
    assert "nova-micro" not in keys(Query(customizable="fine-tuning", region="eu-west-2"))


def test_a_model_that_is_customized_where_it_does_not_answer_is_kept() -> None:
    assert ENTRIES["gemma-4-31b-it"].bedrock is None
    assert "gemma-4-31b-it" in keys(Query(customizable="fine-tuning", region="us-west-2"))


@given(QUERIES)
def test_what_is_picked_fits_each_condition_alone(query: Query) -> None:
    picked = set(keys(query))
    for name in ("provider", "kind", "modality", "customizable", "licence", "min_context", "runs_on", "streaming"):
        assert picked <= set(keys(Query(**{name: getattr(query, name)})))
    assert picked <= set(keys(Query(region=query.region, customizable=query.customizable)))
    alone = Query(max_price=query.max_price, region=query.region, customizable=query.customizable)
    assert picked <= set(keys(alone))


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_money_never_buys_fewer_models(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert set(keys(Query(max_price=less))) <= set(keys(Query(max_price=more)))


def test_the_usual_price_is_the_lowest_and_of_the_region_where_that_is_known() -> None:
    haiku = ENTRIES["claude-haiku-4-5"]
    [listed] = usual_prices(haiku)
    assert (listed.by, dearer_side(listed)) == ("global", 5.0)
    here = Price(by="eu", unit="1k tokens", usd_in=0.009, usd_out=0.09, region="eu-west-1", sources=("litellm",))
    known = haiku.model_copy(update={"prices": (*haiku.prices, here)})
    assert usual_prices(known, "eu-west-1") == (here,)
    assert usual_prices(known, "eu-west-3") == (listed,)


def test_of_each_unit_that_a_model_bills_there_is_a_usual_price() -> None:
    prices = usual_prices(ENTRIES["titan-embed-image-v1"])
    assert [(price.unit, price.usd_in) for price in prices] == [("1k tokens", 0.0008), ("image", 0.00006)]


def test_a_model_fits_a_price_that_none_of_its_ways_goes_beyond() -> None:
    haiku = ENTRIES["claude-haiku-5-5"]
    costs = sorted({dearer_side(price) for price in haiku.prices})
    assert costs == [0.5, 0.55]
    assert select([haiku], Query(max_price=0.55)) == [haiku]
    assert select([haiku], Query(max_price=0.5)) == []
    assert {price.by for price in Query(max_price=0.5).too_dear(haiku)} == {"au", "eu", "jp", "us"}
    assert Query(max_price=0.55).too_dear(haiku) == ()
    assert Query(max_price=0.4).too_dear(haiku) == ()
    assert Query(max_price=0.5, provider="amazon").too_dear(haiku) == ()


def test_in_a_region_only_its_own_ways_count() -> None:
    nova = ENTRIES["nova-micro"]
    assert select([nova], Query(max_price=0.15)) == []
    assert select([nova], Query(max_price=0.15, region="us-east-1")) == [nova]


@pytest.mark.parametrize(
    ("key", "least"),
    [("titan-embed-image-v1", 0.8), ("nova-multimodal-embeddings", 0.135), ("stable-image-core", 0.04)],
)
def test_a_model_is_held_against_what_its_kind_is_billed_by(key: str, least: float) -> None:
    assert key in keys(Query(max_price=least))
    assert key not in keys(Query(max_price=least - 0.001))


@pytest.mark.parametrize("key", ["extractive-lead", "smollm2-135m-instruct"])
def test_what_is_billed_by_time_fits_no_price_and_is_told_apart(key: str) -> None:
    assert key not in keys(Query(max_price=1e9))
    assert Query(max_price=1).not_compared(ENTRIES[key]) == ENTRIES[key].prices
    assert Query().not_compared(ENTRIES[key]) == ()
    assert Query(max_price=1).not_compared(ENTRIES["qwen3-4b"]) == ()


def test_a_price_of_elsewhere_is_no_price_of_a_region() -> None:
    nova = ENTRIES["nova-micro"]
    found = [usual_prices(nova, region) for region in ("us-west-2", "eu-west-1")]
    assert [[price.by for price in prices] for prices in found] == [["us"], ["eu"]]
    assert select([nova], Query(region="us-west-2", max_price=0.14)) == [nova]
    assert select([nova], Query(region="eu-west-1", max_price=0.14)) == []
