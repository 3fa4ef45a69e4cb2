"""What is written is found after the refresh interval, and lost neither before nor by a restart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from twin.emulator import hooks
from twin.emulator.launcher import PERSIST_VARIABLE, WORK_DIR_VARIABLE
from twin.opensearch import bulk, documents, files, mappings, store
from twin.opensearch.errors import OpenSearchError
from twin.opensearch.indexes import refresh_interval
from twin.opensearch.store import SCALE_VARIABLE, Index

FIELDS = mappings.parse({"properties": {"v": {"type": "knn_vector", "dimension": 2}, "n": {"type": "integer"}}})


class Clock:
    """The time, which goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(store, "time", made)
    monkeypatch.setenv(SCALE_VARIABLE, "0.5")
    return made


def add(index: Index, *numbers: int) -> list[str]:
    return index.add([(np.array([number, 1], np.float32), {"n": number}) for number in numbers])


def test_a_write_is_found_after_the_interval_as_the_emulator_scales_it(clock: Clock) -> None:
    index = Index("i", FIELDS, refresh_s=10)
    add(index, 1)
    clock.now += 4.9
    [late] = add(index, 2)
    assert len(index.visible()) == 0
    clock.now += 0.1
    assert len(index.visible()) == 1
    assert index.remove(late)
    clock.now += 4.9
    assert len(index.visible()) == 2
    clock.now += 0.1
    assert len(index.visible()) == 1


def test_a_document_is_deleted_once(clock: Clock) -> None:
    index = Index("i", FIELDS, refresh_s=10)
    [key] = add(index, 1)
    assert (index.remove(key), index.remove(key), index.remove("unknown")) == (True, False, False)
    clock.now += 60
    assert len(index.visible()) == 0


def test_an_index_without_refresh_finds_nothing_until_it_has_one(clock: Clock) -> None:
    index = Index("i", FIELDS, refresh_s=None)
    add(index, 1)
    clock.now += 1_000_000
    assert len(index.visible()) == 0
    index.refresh_s = 10
    assert len(index.visible()) == 1


def test_what_waits_for_a_refresh_takes_room_too(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock.now
    index = Index("i", FIELDS, refresh_s=10)
    monkeypatch.setattr(store, "_collections", {"one": {"i": index}})
    document = {"v": [1.0, 2.0], "n": 3}
    body = b'{"index":{}}\n' + json.dumps(document).encode() + b"\n"
    documents.bulk("one", bulk.parse(body, "i"), len(body))
    documents.add(index, document, 100)
    monkeypatch.setattr(store, "MOST_BYTES", index.size + 100)
    assert index.size > 0
    with pytest.raises(OpenSearchError, match="in memory"):
        documents.add(index, document, 101)
    with pytest.raises(OpenSearchError, match="in memory"):
        documents.bulk("one", bulk.parse(body, "i"), 101)
    index.settle()
    assert index.size == index.table.size


@pytest.mark.parametrize(("given", "seconds"), [(None, 60), ("1s", 1), ("500ms", 0.5), ("2m", 120), ("-1", None)])
def test_intervals_are_read_as_opensearch_writes_them(given: str | None, seconds: float | None) -> None:
    assert refresh_interval({"refresh_interval": given} if given else {}) == seconds


def test_what_was_written_is_there_again_whether_it_was_found_or_not(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PERSIST_VARIABLE, "1")
    monkeypatch.setenv(WORK_DIR_VARIABLE, str(tmp_path))
    monkeypatch.setattr(hooks, "collection_of", lambda name: name == "kept" or None)
    index = Index("i", FIELDS, refresh_s=10, settings={"knn": True})
    [first, _] = add(index, 1, 2)
    store.replace({"kept": {"i": index}, "gone": {"i": Index("i", FIELDS)}})
    saved = json.loads(json.dumps(files.save()))
    store.replace({})
    files.load(saved)
    [(collection, indexes)] = store.everything().items()
    again = indexes["i"]
    assert (collection, again.uuid, again.refresh_s, again.settings) == ("kept", index.uuid, 10, {"knn": True})
    assert len(again.visible()) == 2
    assert again.remove(first)
    folder = tmp_path / "state" / "opensearch"
    assert [file.name for file in folder.iterdir()] == [saved["collections"]["kept"][0]["file"]]
    store.replace({})


def test_an_emulator_that_keeps_nothing_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PERSIST_VARIABLE, "0")
    monkeypatch.setenv(WORK_DIR_VARIABLE, str(tmp_path))
    assert files.save() == {"collections": {}}
    assert list(tmp_path.iterdir()) == []
