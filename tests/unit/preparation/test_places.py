"""The manifest says where records stand, so that whoever asks for other shares knows what each side then holds."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipelines.preparation import parts
from pipelines.preparation.manifest import build_manifest, source_of_run
from pipelines.preparation.parts import PLACES, Destination, Written
from pipelines.preparation.settings import Settings

Prepare = Callable[..., tuple[Written, Destination]]
COUNT = 150


def letters(count: int = COUNT) -> bytes:
    texts = (f"letter {n} of {count} tells what happened to its sender in year {n * n}" for n in range(count))
    return b"".join(json.dumps({"documentation": t, "summary": f"about {t[:9]}"}).encode() + b"\n" for t in texts)


@pytest.fixture
def manifest(settings_document: dict[str, Any]) -> Callable[[Written, Settings], dict[str, Any]]:
    def build(written: Written, settings: Settings) -> dict[str, Any]:
        return build_manifest("1", "d", written, source_of_run([], [], settings_document, settings.schema))

    return build


def test_the_places_tell_what_each_side_holds_at_these_shares_and_at_others(
    prepare: Prepare, settings: Settings, manifest: Callable[..., dict[str, Any]]
) -> None:
    places = manifest(prepare({"a.jsonl": letters()})[0], settings)["places"]
    assert (len(places), sum(places)) == (PLACES, COUNT)
    reached = [0, *itertools.accumulate(places)]

    for validation, test in ((20, 20), (11, 3), (1, 29)):
        split = replace(settings.split, validation=validation / 100, test=test / 100)
        written, _ = prepare({"a.jsonl": letters()}, settings=replace(settings, split=split))
        assert written.splits == {
            "test": reached[test],
            "validation": reached[test + validation] - reached[test],
            "train": COUNT - reached[test + validation],
        }


def test_strata_have_no_common_places(
    prepare: Prepare, settings: Settings, manifest: Callable[..., dict[str, Any]]
) -> None:
    by_source = replace(settings, split=replace(settings.split, stratify="source"))
    assert manifest(prepare({"a.jsonl": letters()}, settings=by_source)[0], by_source)["places"] is None


def test_of_many_records_not_all_are_counted_which_their_number_tells(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_PLACED", 10)
    written, _ = prepare({"a.jsonl": letters()}, partitions=1)
    assert (written.places.total(), written.splits.total()) == (10, COUNT)
