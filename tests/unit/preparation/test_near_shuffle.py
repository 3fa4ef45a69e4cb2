"""Near-duplicates in the job: who is kept, who goes, and that partitions, order and size of blocks do not matter."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.preparation.errors import TooManySuspects
from pipelines.preparation.manifest import build_manifest, check_balance
from pipelines.preparation.near.components import components
from pipelines.preparation.near.graph import Edges
from pipelines.preparation.near_shuffle import _connected
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings
from tests.unit.preparation.conftest import SETTINGS
from tests.unit.preparation.local_rdd import LocalRdd
from tests.unit.preparation.rows import rows_of

Prepare = Callable[..., tuple[Written, Destination]]
WORDS = [f"word{number}" for number in range(300)]


def record(text: str, target: str = "the summary") -> bytes:
    return json.dumps({"documentation": text, "summary": target}).encode() + b"\n"


def kept(destination: Destination) -> list[dict[str, Any]]:
    rows = rows_of(destination)
    return [row for split in ("train", "validation", "test") for row in rows[split]]


def with_action(settings: Settings, action: str) -> Settings:
    return replace(settings, near_duplicates=replace(settings.near_duplicates, action=action))


def family(seed: int, length: int = 40, members: int = 3) -> list[str]:
    """A text, and the same with words that nothing else has at its end."""
    draw = random.Random(seed)
    text = " ".join(draw.choices(WORDS, k=length))
    return [text, *(f"{text} {' '.join(f'tail{seed}x{n}' for n in range(more))}" for more in range(1, members))]


def corpus(seed: int) -> list[bytes]:
    draw = random.Random(seed)
    texts = [text for n in range(25) for text in family(draw.getrandbits(40), draw.randint(15, 60), draw.randint(1, 5))]
    # Of these, two are as long as each other, and longer than the rest of their family.
    texts += [f"{texts[0]} {' '.join([ending] * 5)}" for ending in ("left", "right")]
    draw.shuffle(texts)
    return [record(text) for text in texts]


def test_the_longest_of_a_cluster_is_kept_and_the_others_go_to_quarantine(prepare: Prepare) -> None:
    short, longer, longest = family(1)
    alone = family(2)[0]

    written, destination = prepare({"a.jsonl": record(longest) + record(alone) + record(short) + record(longer)})

    by_text = {row["messages"][0]["content"].removeprefix("Summarize.\n\n"): row for row in kept(destination)}
    assert by_text.keys() == {longest, alone}
    representative = by_text[longest]["record_id"]
    assert by_text[longest]["cluster"] == representative
    assert "cluster" not in by_text[alone]
    gone = {row["source"]["line"]: row for row in rows_of(destination)["reason=near_duplicate"]}
    assert {line: row["duplicate_of"] for line, row in gone.items()} == {3: representative, 4: representative}
    assert gone[3]["detail"] == (
        "95% of the word shingles are shared with line 1 of a.jsonl, the longest of 3 texts that are nearly the same"
    )
    assert written.rejected == {"near_duplicate": 2}
    manifest = build_manifest("1", "data", written, {"settings": SETTINGS})
    assert manifest["near_duplicates"] == {"clusters": 1, "records": 3, "largest": 3, "straddling": 0}
    assert manifest["stages"][-1]["rejected"] == {"near_duplicate": 2}


def test_equal_texts_are_duplicates_and_no_near_ones(prepare: Prepare) -> None:
    text, longer, _ = family(1)
    written, _ = prepare({"a.jsonl": record(text) * 3 + record(longer) * 2})
    assert written.rejected == {"duplicate": 3, "near_duplicate": 1}
    assert written.clusters == {2: 1}


@pytest.mark.parametrize("seed", range(4))
def test_records_that_are_to_be_kept_share_a_split_with_their_near_duplicates(
    prepare: Prepare, settings: Settings, seed: int
) -> None:
    written, destination = prepare({"a.jsonl": b"".join(corpus(seed))}, settings=with_action(settings, "keep"))

    splits = defaultdict(set)
    for split in ("train", "validation", "test"):
        for row in rows_of(destination)[split]:
            splits[row.get("cluster", row["record_id"])].add(split)
    assert not written.rejected
    assert written.clusters.total() > 5
    assert all(len(found) == 1 for found in splits.values())
    assert len(set.union(*splits.values())) == 3
    check_balance(written, counted_lines=0)


@pytest.mark.parametrize("bound", ["MOST_SUSPECTS", "MOST_SHINGLES"])
def test_more_suspects_than_a_task_can_hold_end_the_job_with_what_to_do(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(f"pipelines.preparation.near.marks.{bound}", 2)
    with pytest.raises(TooManySuspects, match=r"More than .*2 (texts|shingles),.* hang together by"):
        prepare({"a.jsonl": b"".join(record(text) for text in family(1))})


def test_without_the_search_near_duplicates_are_records_like_any_other(prepare: Prepare, settings: Settings) -> None:
    lines = b"".join(corpus(1))
    written, destination = prepare({"a.jsonl": lines}, settings=with_action(settings, "off"))
    assert not written.rejected
    assert len(kept(destination)) == lines.count(b"\n")
    check_balance(written, counted_lines=0)


def test_texts_without_words_or_with_few_are_compared_whole(prepare: Prepare, settings: Settings) -> None:
    bare = replace(settings, filters=replace(settings.filters, min_words=0, max_symbol_ratio=1.0))
    lines = [record(text) for text in ("...", "!!!", "one two", "One, two.", "two one", "字 字")]
    _, destination = prepare({"a.jsonl": b"".join(lines)}, settings=bare)
    texts = {row["messages"][0]["content"].removeprefix("Summarize.\n\n") for row in kept(destination)}
    assert {"...", "!!!", "two one", "字 字"} < texts
    assert len(texts & {"one two", "One, two."}) == 1


@hypothesis_settings(max_examples=15)
@given(
    seed=st.integers(0, 5),
    partitions=st.integers(1, 6),
    order=st.integers(0, 100),
    edges_of_one_task=st.sampled_from([0, 10_000]),
)
def test_what_is_kept_does_not_depend_on_partitions_order_or_the_way_components_are_found(
    prepare: Prepare, seed: int, partitions: int, order: int, edges_of_one_task: int
) -> None:
    lines = corpus(seed)
    _, usual = prepare({"a.jsonl": b"".join(lines)}, partitions=1)
    random.Random(order).shuffle(lines)

    written, destination = prepare(
        {"a.jsonl": b"".join(lines)}, partitions=partitions, edges_of_one_task=edges_of_one_task
    )

    def without_lines(destination: Destination) -> set[str]:
        return {json.dumps(row | {"source": None}) for row in kept(destination)}

    assert without_lines(destination) == without_lines(usual)
    check_balance(written, counted_lines=len(lines))


@given(
    edges=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda pair: pair[0] != pair[1])),
    tasks=st.integers(1, 4),
    limit=st.sampled_from([0, 1000]),
    seed=st.integers(0, 9),
)
def test_components_over_many_tasks_are_those_of_the_whole_graph(
    edges: list[tuple[int, int]], tasks: int, limit: int, seed: int
) -> None:
    pairs = np.array(edges, np.int64).reshape(-1, 2)
    blocks = [[Edges(*part.T)] for part in np.array_split(pairs, tasks)]

    found = _connected(LocalRdd(blocks, random.Random(seed)), tasks, limit)  # type: ignore[arg-type]

    label = np.arange(31)
    for partition in found.partitions:  # type: ignore[attr-defined]
        for block in partition:
            label[block.node] = block.other
    assert label.tolist() == components(pairs[:, 0], pairs[:, 1], 31).tolist()


def test_a_long_chain_comes_to_rest_in_few_rounds() -> None:
    chain = np.array(list(pairwise(random.Random(3).sample(range(2000), 2000))), np.int64)
    rounds = []

    class Counting(LocalRdd):
        def sum(self) -> Any:
            rounds.append(1)
            return super().sum()

        def mapPartitionsWithIndex(self, work: Any) -> Any:  # noqa: N802
            return Counting(super().mapPartitionsWithIndex(work).partitions, self.draw)

        def partitionBy(self, count: int, place: Any = hash) -> Any:  # noqa: N802
            return Counting(super().partitionBy(count, place).partitions, self.draw)

    blocks = [[Edges(*part.T)] for part in np.array_split(chain, 4)]
    found: Any = _connected(Counting(blocks, random.Random(3)), 4, 0)  # type: ignore[arg-type]

    assert sum(len(block.node) for partition in found.partitions for block in partition) == 1999
    assert len(rounds) < 15
