"""A split in which each label, or each file, has its share on each side."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.errors import TooManyStrata
from pipelines.preparation.manifest import build_manifest, check_balance, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings
from pipelines.preparation.stratify import MOST_STRATA, added, bounds_of

Prepare = Callable[..., tuple[Written, Destination]]
LABELS = {"billing is asked about": 200, "a bug is told": 37, "praise is given": 10}


def records(label: str, count: int) -> bytes:
    texts = (f"letter {n} of {count} tells what happened to its sender in year {n * n}" for n in range(count))
    return b"".join(json.dumps({"documentation": t, "summary": label}).encode() + b"\n" for t in texts)


FILES = {"a.jsonl": b"".join(records(label, count) for label, count in LABELS.items())}


@pytest.fixture(scope="session")
def by_target(settings: Settings) -> Settings:
    return replace(settings, split=replace(settings.split, stratify="target"))


def sides(destination: Destination) -> dict[str, Counter[str]]:
    """Number of records by label and split."""
    found: dict[str, Counter[str]] = {}
    for stored in destination.curated.objects(""):
        for line in destination.curated.read(stored.key).splitlines():
            label = json.loads(line)["messages"][1]["content"]
            found.setdefault(label, Counter())[stored.key.split("/")[2]] += 1
    return found


def test_each_label_has_its_share_on_each_side(prepare: Prepare, by_target: Settings) -> None:
    written, destination = prepare(FILES, settings=by_target)
    for label, count in LABELS.items():
        assert sides(destination)[label] == {
            "test": round(0.2 * count),
            "validation": round(0.4 * count) - round(0.2 * count),
            "train": count - round(0.4 * count),
        }
    check_balance(written, counted_lines=sum(LABELS.values()))
    _, unstratified = prepare(FILES)
    assert sides(unstratified) != sides(destination)


def test_each_file_has_its_share_too(prepare: Prepare, settings: Settings) -> None:
    by_source = replace(settings, split=replace(settings.split, stratify="source"))
    files = {f"{count}.jsonl": records(label, count) for label, count in LABELS.items()}
    written, destination = prepare(files, settings=by_source)
    assert {label: found["test"] for label, found in sides(destination).items()} == {
        label: round(0.2 * count) for label, count in LABELS.items()
    }
    assert {name for name, _ in written.strata} == set(files)


@hypothesis_settings(max_examples=20)
@given(partitions=st.integers(1, 5), chunk_bytes=st.integers(500, 50_000), order=st.sampled_from([1, -1]))
def test_neither_order_nor_partitions_move_a_record(
    prepare: Prepare, by_target: Settings, partitions: int, chunk_bytes: int, order: int
) -> None:
    def records_by_split(**how: int) -> set[tuple[str, str]]:
        _, destination = prepare(FILES, settings=by_target, **how)
        return {
            (stored.key.split("/")[2], json.loads(line)["record_id"])
            for stored in destination.curated.objects("")
            for line in destination.curated.read(stored.key).splitlines()
        }

    assert records_by_split() == records_by_split(partitions=partitions, chunk_bytes=chunk_bytes, order=order)


def test_near_duplicates_that_are_kept_stand_together(prepare: Prepare, by_target: Settings) -> None:
    together = replace(by_target, near_duplicates=replace(by_target.near_duplicates, action="keep"))
    text = "the sender writes at length about what has happened to the thing that was bought a while ago"
    near = [{"documentation": f"{text} {end}", "summary": label} for end, label in zip("ab", LABELS, strict=False)]
    more = b"".join(json.dumps(record).encode() + b"\n" for record in near)
    _, destination = prepare({**FILES, "b.jsonl": more}, settings=together)
    found = [
        (stored.key.split("/")[2], row["cluster"])
        for stored in destination.curated.objects("")
        for row in map(json.loads, destination.curated.read(stored.key).splitlines())
        if "cluster" in row
    ]
    assert len(found) == 2
    assert len(set(found)) == 1


def test_the_manifest_says_how_far_from_its_share_a_stratum_is(
    prepare: Prepare, by_target: Settings, settings_document: dict[str, Any]
) -> None:
    written, _ = prepare(FILES, settings=by_target)
    settings_document["data"]["split"]["stratify"] = "target"
    manifest = build_manifest("1", "d", written, source_of_run([], [], settings_document, by_target.schema))
    assert manifest["stratified"] == {"by": "target", "strata": 3, "furthest_off": 0.6}


TOO_MANY = r"more than 1,000 different targets.*Set data\.split\.stratify to none"


def test_what_every_record_has_for_itself_divides_nothing(prepare: Prepare, by_target: Settings) -> None:
    texts = (f"number {number} has something to say about its own label" for number in range(MOST_STRATA + 1))
    lines = [json.dumps({"documentation": text, "summary": f"target {n}"}).encode() for n, text in enumerate(texts)]
    with pytest.raises(TooManyStrata, match=TOO_MANY):
        prepare({"a.jsonl": b"\n".join(lines)}, settings=by_target, partitions=1)


def test_texts_of_which_each_stands_alone_are_no_labels(prepare: Prepare, by_target: Settings) -> None:
    texts = (f"number {number} has something to say about its own label" for number in range(100))
    lines = [json.dumps({"documentation": text, "summary": f"target {n}"}).encode() for n, text in enumerate(texts)]
    message = r"100 records have 100 different targets, too few of each: test would get 0 of them instead of 20\."
    with pytest.raises(TooManyStrata, match=message):
        prepare({"a.jsonl": b"\n".join(lines)}, settings=by_target)


def test_no_side_is_left_without_its_share(by_target: Settings) -> None:
    tenths = replace(by_target.split, validation=0.1, test=0.1)
    counts = Counter({(f"target {n}", place): 1 for n in range(20) for place in range(0, 1000, 250)})
    with pytest.raises(TooManyStrata, match=r"80 records have 20 .* test would get 0 of them instead of 8"):
        bounds_of(counts, tenths)


def test_strata_are_too_many_together_too(by_target: Settings) -> None:
    one, other = (Counter({(f"target {n}", 0): 1 for n in numbers}) for numbers in (range(600), range(500, 1001)))
    with pytest.raises(TooManyStrata, match=TOO_MANY):
        added(one, other, by_target.split)
