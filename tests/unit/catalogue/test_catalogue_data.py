"""The data files: no fact without a source and a day, and no value that cannot be."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from pydantic import ValidationError

from cdk_app.catalogue import ENTRIES, FACTS_READ, Entry
from cdk_app.catalogue.facts import Source
from cdk_app.catalogue.loading import DATA, CatalogueError, load_entries, load_images, load_sources

EVERY_ENTRY = pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def regions() -> set[str]:
    return set(botocore.session.get_session().get_available_regions("sts"))


@EVERY_ENTRY
def test_every_group_of_facts_has_a_source(entry: Entry) -> None:
    sources = load_sources()
    for group in entry.groups.values():
        assert group
        assert all(source in sources for source in group)


@pytest.mark.parametrize("source", load_sources().values(), ids=list(load_sources()))
def test_every_source_has_a_day_and_a_place(source: Source) -> None:
    assert source.read <= FACTS_READ
    assert source.url or (ROOT / str(source.file)).exists()
    if source.url and source.url.startswith("https://pypi.org/"):
        assert re.fullmatch(r"[\w-]+ [\d.]+", source.version or "")
        assert str(source.version).split()[1] in source.url


def test_no_source_and_no_image_is_kept_for_nothing() -> None:
    groups = [group for entry in ENTRIES.values() for group in entry.groups.values()]
    served = {key for e in ENTRIES.values() if e.sagemaker for keys in e.sagemaker.images.values() for key in keys}
    of_images = {source for image in load_images().values() for source in image.sources}
    assert {source for group in groups for source in group} | of_images == set(load_sources())
    assert served == set(load_images())


def test_an_image_serves_on_the_processor_that_it_is_made_for() -> None:
    images = load_images()
    for entry in ENTRIES.values():
        for processor, keys in (entry.sagemaker.images if entry.sagemaker else {}).items():
            assert {images[key].processor for key in keys} == {processor}


@EVERY_ENTRY
def test_keys_are_words_of_their_own(entry: Entry) -> None:
    assert ENTRIES[entry.key] is entry
    assert entry.key not in ("refresh", "")


def test_no_model_of_bedrock_stands_twice() -> None:
    ids = [entry.bedrock.model_id for entry in ENTRIES.values() if entry.bedrock]
    assert len(ids) == len(set(ids))


@EVERY_ENTRY
def test_regions_exist(entry: Entry, regions: set[str]) -> None:
    named = {region for customization in entry.customizations for region in customization.regions}
    if entry.bedrock:
        named |= set(entry.bedrock.regions)
        named |= {region for profile in entry.bedrock.profiles for region in profile.destination_regions}
    assert named <= regions


@EVERY_ENTRY
def test_a_region_has_one_profile_of_a_geography_at_most(entry: Entry) -> None:
    pairs = [
        (p.geography, region) for p in (entry.bedrock.profiles if entry.bedrock else ()) for region in p.source_regions
    ]
    assert len(pairs) == len(set(pairs))


@EVERY_ENTRY
def test_what_a_model_costs_is_said_of_ways_that_it_has(entry: Entry) -> None:
    ways = {"import", "function"} & {price.by for price in entry.prices}
    if entry.bedrock:
        ways |= {profile.geography for profile in entry.bedrock.profiles}
        ways |= {"on-demand"} if entry.bedrock.on_demand else set()
    assert {price.by for price in entry.prices} <= ways
    assert len({(price.by, price.unit) for price in entry.prices}) == len(entry.prices)


@EVERY_ENTRY
def test_what_is_billed_as_its_base_model_is_served_on_demand_somewhere(entry: Entry) -> None:
    for customization in entry.customizations:
        if any(price.on_demand_as_base for price in customization.prices):
            assert customization.on_demand
        assert {price.region for price in customization.prices} <= {None, *customization.regions}


@EVERY_ENTRY
def test_a_global_profile_never_costs_more_than_one_of_a_geography(entry: Entry) -> None:
    everywhere = entry.price("global", "1k tokens")
    for price in entry.prices:
        if everywhere and price.unit == "1k tokens":
            assert (everywhere.usd_in or 0) <= (price.usd_in or 0)
            assert (everywhere.usd_out or 0) <= (price.usd_out or 0)


@EVERY_ENTRY
def test_an_answer_is_no_longer_than_the_context(entry: Entry) -> None:
    if entry.limits and entry.limits.context_tokens and entry.limits.max_output_tokens:
        assert entry.limits.max_output_tokens <= entry.limits.context_tokens


@EVERY_ENTRY
def test_every_model_runs_somewhere(entry: Entry) -> None:
    assert entry.platforms


def change(folder: Path, name: str, edit: Callable[[Any], object]) -> None:
    path = folder / name
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def test_what_is_loaded_is_what_the_files_say(copy: Path) -> None:
    assert load_entries(copy) == ENTRIES


def test_a_key_that_is_taken_is_refused(copy: Path) -> None:
    change(copy, "models/amazon.json", lambda models: models[0].update(key="nova-pro"))
    with pytest.raises(CatalogueError, match=r"amazon\.json: the key `nova-pro` is taken"):
        load_entries(copy)


@pytest.mark.parametrize("name", ["sources.json", "images.json"])
def test_a_source_or_an_image_that_does_not_exist_is_refused(copy: Path, name: str) -> None:
    change(copy, name, lambda document: document.pop("litellm" if name == "sources.json" else "vllm"))
    with pytest.raises(CatalogueError, match="Add them there"):
        load_entries(copy)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sources": []},
        {"limits": {"context_tokens": 1}},
        {"limits": {"context_tokens": 0, "sources": ["litellm"]}},
        {"prices": [{"by": "us", "unit": "1k tokens", "usd_in": 0, "sources": ["litellm"]}]},
        {"prices": [{"by": "us", "unit": "1k tokens", "usd_in": -1, "sources": ["litellm"]}]},
        {"prices": [{"by": "us", "unit": "1k tokens", "sources": ["litellm"]}]},
        {"bedrock": {"model_id": "nova", "sources": ["litellm"]}},
        {"bedrock": {"model_id": "a.b", "on_demand": ["Ireland"], "sources": ["litellm"]}},
        {"bedrock": {"model_id": "a.b", "profiles": [{"geography": "eu", "from": ["eu-west-1"]}], "sources": ["x"]}},
        {"customizations": [{"method": "fine-tuning", "service": "bedrock", "prices": [{"sources": ["x"]}]}]},
        {
            "customizations": [
                {
                    "method": "fine-tuning",
                    "service": "sagemaker",
                    "sources": ["x"],
                    "prices": [{"usd_month": 1, "sources": ["x"]}],
                }
            ]
        },
        {"end_of_life": {"day": "next year", "sources": ["litellm"]}},
        {"sagemaker": {"sources": ["litellm"]}},
        {"colour": "red"},
    ],
)
def test_a_fact_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    right = ENTRIES["nova-micro"].model_dump(mode="json", by_alias=True)
    assert Entry.model_validate(right) == ENTRIES["nova-micro"]
    with pytest.raises(ValidationError):
        Entry.model_validate(right | wrong)


def test_a_source_stands_in_one_place() -> None:
    with pytest.raises(ValidationError, match="either a `url` or a `file`"):
        Source.model_validate({"title": "nowhere", "read": "2026-11-26"})
