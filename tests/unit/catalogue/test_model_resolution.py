"""From a region: the id that Converse is told, and the resources that a role needs for it."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.catalogue import CATALOGUE, ENTRIES, GEOGRAPHIES, Entry, NotServed, asked_from, invocations, resolve

ACCOUNT = "111122223333"
REGIONS = sorted({region for entry in ENTRIES.values() if entry.bedrock for region in entry.bedrock.regions})
ON_BEDROCK = [entry for entry in ENTRIES.values() if entry.bedrock]


def test_a_model_on_demand_is_named_by_its_own_id() -> None:
    asked = resolve(ENTRIES["ministral-3-8b-instruct"], "eu-west-1", account=ACCOUNT)
    assert asked.model_id == "mistral.ministral-3-8b-instruct"
    assert asked.route == "on-demand"
    assert asked.resources == ("arn:aws:bedrock:eu-west-1::foundation-model/mistral.ministral-3-8b-instruct",)


def test_a_profile_of_a_geography_needs_the_model_in_each_of_its_regions() -> None:
    asked = resolve(ENTRIES["llama-3-1-8b-instruct"], "us-east-2", account=ACCOUNT)
    model = "meta.llama3-1-8b-instruct-v1:0"
    assert (asked.model_id, asked.route, asked.geography) == (f"us.{model}", "geographic", "us")
    assert asked.resources == (
        f"arn:aws:bedrock:us-east-2:{ACCOUNT}:inference-profile/us.{model}",
        f"arn:aws:bedrock:us-east-1::foundation-model/{model}",
        f"arn:aws:bedrock:us-east-2::foundation-model/{model}",
        f"arn:aws:bedrock:us-west-2::foundation-model/{model}",
    )


def test_a_global_profile_needs_the_model_here_and_the_one_without_a_region() -> None:
    asked = resolve(ENTRIES["claude-haiku-4-5"], "eu-central-1", account=ACCOUNT)
    model = "anthropic.claude-haiku-4-5-20251001-v1:0"
    assert (asked.model_id, asked.route) == (f"global.{model}", "global")
    assert asked.destination_regions == ()
    assert asked.resources == (
        f"arn:aws:bedrock:eu-central-1:{ACCOUNT}:inference-profile/global.{model}",
        f"arn:aws:bedrock:eu-central-1::foundation-model/{model}",
        f"arn:aws:bedrock:::foundation-model/{model}",
    )


def test_who_must_stay_in_a_geography_or_a_region_says_so() -> None:
    haiku, nova = ENTRIES["claude-haiku-4-5"], ENTRIES["nova-micro"]
    assert resolve(haiku, "ap-northeast-1", account=ACCOUNT, route="geographic").model_id.startswith("jp.anthropic.")
    assert resolve(nova, "us-east-1", account=ACCOUNT, route="on-demand").model_id == "amazon.nova-micro-v1:0"
    with pytest.raises(NotServed, match=r"not asked by on-demand in eu-central-1\. Ask it by global, geographic"):
        resolve(haiku, "eu-central-1", account=ACCOUNT, route="on-demand")


@pytest.mark.parametrize(
    ("key", "region", "words"),
    [
        ("llama-3-1-8b-instruct", "eu-west-1", "It does in us-east-1, us-east-2, us-west-2"),
        ("bge-small-en-v1-5", "eu-west-1", "is not on Bedrock. It runs on sagemaker"),
        ("smollm2-135m-instruct", "us-east-1", "bedrock-import and sagemaker"),
    ],
)
def test_a_model_that_does_not_answer_says_where_it_does(key: str, region: str, words: str) -> None:
    with pytest.raises(NotServed, match=words):
        resolve(ENTRIES[key], region, account=ACCOUNT)


@given(st.sampled_from(ON_BEDROCK), st.sampled_from(REGIONS))
def test_a_model_is_asked_from_exactly_the_regions_that_it_lists(entry: Entry, region: str) -> None:
    assert entry.bedrock is not None
    ways = invocations(entry, region, account=ACCOUNT, partition="aws")
    assert bool(ways) == (region in entry.bedrock.regions)
    for way in ways:
        assert way.model_id.endswith(entry.bedrock.model_id)
        assert len(way.resources) == len(set(way.resources))
        assert all(arn.startswith("arn:aws:bedrock:") for arn in way.resources)
        models = [arn for arn in way.resources if "::foundation-model/" in arn]
        assert len(models) == (2 if way.route == "global" else len(way.destination_regions))


@given(st.sampled_from(list(CATALOGUE.values())), st.sampled_from(list(GEOGRAPHIES)))
def test_what_a_template_names_and_allows_is_what_the_region_asks_for(model: object, region: str) -> None:
    candidate = CATALOGUE[model.key]  # type: ignore[attr-defined]
    named = asked_from(candidate, region)
    if named is None:
        return
    (asked,) = (way for way in invocations(ENTRIES[candidate.key], region, account=ACCOUNT) if way.model_id == named)
    # The template's statement, as cdk_app/constructs/bedrock.py writes it.
    model_id = candidate.model_id
    allowed = [f"arn:aws:bedrock:{region}::foundation-model/{model_id}"]
    if asked.route != "on-demand":
        allowed = [
            f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{named}",
            f"arn:aws:bedrock:*::foundation-model/{model_id}",
        ]
    for resource in asked.resources:
        assert any(fnmatchcase(resource, pattern) for pattern in allowed)


@pytest.mark.parametrize(
    ("key", "region", "named"),
    [
        ("nova-micro", "eu-west-1", "eu.amazon.nova-micro-v1:0"),
        ("nova-micro", "eu-west-2", None),  # on demand only, and the template names a profile
        ("nova-2-lite", "ap-south-1", "global.amazon.nova-2-lite-v1:0"),
        ("llama-3-1-8b-instruct", "eu-west-1", None),
        ("ministral-3-8b-instruct", "sa-east-1", "mistral.ministral-3-8b-instruct"),
        ("extractive-lead", "us-east-1", None),
        ("smollm2-135m-instruct", "us-east-1", None),
    ],
)
def test_what_a_deployed_workflow_asks_for_answers_or_is_none(key: str, region: str, named: str | None) -> None:
    assert asked_from(CATALOGUE[key], region) == named


def test_every_candidate_can_be_asked_from_some_region_that_templates_know() -> None:
    for candidate in CATALOGUE.values():
        if candidate.platform == "bedrock":
            assert any(asked_from(candidate, region) for region in GEOGRAPHIES)


@pytest.mark.parametrize("key", ["nova-micro", "nova-lite", "nova-pro"])
def test_the_geographies_of_templates_are_those_of_the_profiles(key: str) -> None:
    bedrock = ENTRIES[key].bedrock
    assert bedrock is not None
    for region, geography in GEOGRAPHIES.items():
        assert geography in bedrock.ways(region)
