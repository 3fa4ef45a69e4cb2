"""Asking AWS about a region: what is understood of its answers, where they differ, and what is kept of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdk_app.catalogue import ENTRIES, resolve
from cdk_app.catalogue.account import Unreachable, observe
from cdk_app.catalogue.differences import Difference, differences
from cdk_app.catalogue.facts import ACCOUNT
from cdk_app.catalogue.observation import (
    Observation,
    UnreadableObservation,
    read_observations,
    write_observation,
)
from cdk_app.catalogue.overlay import overlaid
from cdk_app.catalogue.price_list import TokenRate, token_rates
from tests.unit.catalogue.conftest import HAIKU, MARKETPLACE_OFFER, REGION, FakeAws, product

DAY = "2026-12-01"


@pytest.fixture
def observation(answering: FakeAws) -> Observation:
    return observe(REGION, answering, DAY)


def test_the_price_list_is_asked_where_it_answers(answering: FakeAws) -> None:
    observe(REGION, answering, DAY)
    assert answering.asked == [("bedrock", REGION), ("pricing", "us-east-1")]
    for stub in answering.stubs.values():
        stub.assert_no_pending_responses()


def test_what_is_told_of_models_is_understood(observation: Observation) -> None:
    told = {observed.model_id: observed for observed in observation.models}
    assert list(told) == ["amazon.nova-micro-v1:0", HAIKU, "newcomer.tiny-1-v1:0"]
    nova = told["amazon.nova-micro-v1:0"]
    assert (nova.lifecycle, nova.end_of_life, nova.on_demand) == ("legacy", "2027-06-01", True)
    assert [profile.destination_regions for profile in nova.profiles] == [("eu-west-1", "eu-west-3")]
    assert {(rate.way, rate.side): rate.usd for rate in nova.rates} == {
        ("regional", "in"): 0.00005,
        ("regional", "out"): 0.0002,
    }
    haiku = told[HAIKU]
    assert [(profile.geography, profile.destination_regions) for profile in haiku.profiles] == [("global", ())]
    assert {(rate.way, rate.side): rate.usd for rate in haiku.rates} == {
        ("global", "in"): 0.0015,
        ("global", "out"): 0.005,
    }


def test_every_difference_is_told_with_both_sides(observation: Observation) -> None:
    found = differences([ENTRIES["nova-micro"], ENTRIES["claude-haiku-4-5"], ENTRIES["nova-pro"]], observation)
    by = {(difference.model, difference.change): difference for difference in found}
    assert by["nova-micro", "lifecycle"].aws == "legacy"
    assert by["nova-micro", "end of life"].catalogue == "none announced"
    assert by["nova-micro", "on demand"] == Difference("nova-micro", "on demand", "no", "yes")
    assert by["nova-micro", "profiles"].aws == "eu to eu-west-1, eu-west-3"
    assert by["claude-haiku-4-5", "price"].aws == "global 1.5 / 5 USD per million tokens"
    assert by["nova-pro", "gone"].catalogue == "answers in eu-west-1"
    assert found[-1] == Difference("newcomer.tiny-1-v1:0", "new", "", "Tiny 1")


def test_a_catalogue_that_follows_aws_differs_from_it_no_more(observation: Observation) -> None:
    known = {key: ENTRIES[key] for key in ("nova-micro", "claude-haiku-4-5")}
    followed = overlaid(known, [observation])
    assert differences(followed.values(), observation) == []


def test_where_the_two_disagree_about_a_region_aws_is_right(observation: Observation) -> None:
    followed = overlaid(ENTRIES, [observation])
    nova, before = followed["nova-micro"], ENTRIES["nova-micro"]
    assert nova.bedrock is not None
    assert before.bedrock is not None
    assert nova.bedrock.lifecycle == "legacy"
    assert nova.end_of_life is not None
    assert nova.end_of_life.sources == (ACCOUNT,)
    here = nova.price("eu", "1k tokens", REGION)
    assert here is not None
    assert (here.usd_in, here.region, here.sources) == (0.00005, REGION, (ACCOUNT,))
    assert resolve(nova, REGION, account="1").destination_regions == ("eu-west-1", "eu-west-3")
    assert ACCOUNT in nova.groups["bedrock"]
    # Elsewhere nothing has changed, and neither has what the service does not tell.
    assert resolve(nova, "us-east-1", account="1") == resolve(before, "us-east-1", account="1")
    assert (nova.limits, nova.licence, nova.abilities) == (before.limits, before.licence, before.abilities)


@pytest.mark.parametrize("key", ["nova-pro", "ministral-3-8b-instruct"])
def test_a_model_that_aws_does_not_list_answers_there_no_longer(key: str, observation: Observation) -> None:
    before, now = ENTRIES[key].bedrock, overlaid(ENTRIES, [observation])[key].bedrock
    assert before is not None
    assert now is not None
    assert REGION in before.regions
    assert set(now.regions) == set(before.regions) - {REGION}


def test_a_model_that_the_catalogue_lacks_becomes_an_entry(observation: Observation) -> None:
    followed = overlaid(ENTRIES, [observation])
    tiny = followed["tiny-1"]
    assert list(followed)[-1] == "tiny-1"
    assert (tiny.name, tiny.provider, tiny.kind, tiny.sources) == ("Tiny 1", "Newcomer", "embedding", (ACCOUNT,))
    assert resolve(tiny, REGION, account="1").model_id == "newcomer.tiny-1-v1:0"


def test_a_new_model_takes_nobody_s_key(observation: Observation) -> None:
    taken = {"tiny-1": ENTRIES["nova-micro"].model_copy(update={"key": "tiny-1"})}
    followed = overlaid(taken, [observation])
    assert followed["newcomer-tiny-1"].name == "Tiny 1"


def test_what_is_written_is_read_again(observation: Observation, tmp_path: Path) -> None:
    assert read_observations(tmp_path) == []
    path = write_observation(observation, tmp_path)
    assert path == tmp_path / "models" / "eu-west-1.json"
    assert read_observations(tmp_path) == [observation]
    assert write_observation(observation, tmp_path) == path
    assert read_observations(tmp_path) == [observation]


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"region": "eu-west-1"}', b"\xff"])
def test_a_broken_file_is_named_with_its_remedy(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "eu-west-1.json").write_bytes(text)
    with pytest.raises(UnreadableObservation, match=r"eu-west-1\.json is not what .* Delete it"):
        read_observations(tmp_path)


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnrecognizedClientException"])
def test_a_refusal_says_what_is_needed(aws: FakeAws, code: str) -> None:
    aws.stubs["bedrock"].add_client_error("list_foundation_models", code, "no")
    with pytest.raises(Unreachable, match=r"refuses to answer in eu-west-1.*(GetProducts|credentials are valid)"):
        observe(REGION, aws, DAY)


@pytest.mark.parametrize(
    "other",
    [
        product("1K tokens", "1", model="A", inferenceType="Input tokens flex", usagetype="a"),
        product("1K tokens", "1", model="A", inferenceType="Input tokens", usagetype="a", service_tier="priority"),
        product("1K tokens", "1", model="A", inferenceType="Input tokens", usagetype="a-cache-read-input-tokens"),
        product(
            "1K tokens", "1", model="A", inferenceType="Input tokens", usagetype="a", feature="Model Customization"
        ),
        product("1K tokens", "1", model="A", inferenceType="Input tokens", usagetype="a", feature="Batch Inference"),
        product("Units", "1", servicename="A", usagetype="EUW1-MP:EUW1_InputTokenCount_Batch-Units"),
        product("Images", "1", model="A", inferenceType="Input tokens", usagetype="a"),
        product("1K tokens", "0", model="A", inferenceType="Input tokens", usagetype="a"),
        product("1K tokens", "1", inferenceType="Input tokens", usagetype="a"),
        {},
    ],
)
def test_other_prices_are_not_taken_for_the_usual_one(other: dict[str, object]) -> None:
    assert token_rates([other]) == []


def test_both_offers_are_told_by_the_thousand() -> None:
    plain = product("1M tokens", "3.0", model="qwen.qwen3-coder-next", inferenceType="Output tokens", usagetype="x")
    everywhere = product(
        "1K tokens", "0.003", model="A", inferenceType="Cross-region global input tokens", usagetype="x"
    )
    assert token_rates([plain, everywhere, MARKETPLACE_OFFER[0]]) == [
        TokenRate("qwenqwen3codernext", "regional", "out", 0.003),
        TokenRate("a", "global", "in", 0.003),
        TokenRate("claudehaiku45", "global", "in", 0.0015),
    ]
