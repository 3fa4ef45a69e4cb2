"""What an emulator leaves is there again, whole, or said to be damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.emulator.hooks import ServiceError
from twin.emulator.launcher import PERSIST_VARIABLE, WORK_DIR_VARIABLE
from twin.s3vectors import files, store
from twin.vectors.files import DamagedIndexError
from twin.vectors.table import Vector

ARN = "arn:aws:s3vectors:us-east-1:000000000000:bucket/b"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PERSIST_VARIABLE, "1")
    monkeypatch.setenv(WORK_DIR_VARIABLE, str(tmp_path))
    store.replace([])
    return tmp_path / "state" / "s3vectors"


def an_index(name: str = "i") -> store.Index:
    return store.Index(name, f"{ARN}/index/{name}", 3, "cosine", ("text",), {"sseType": "AES256"}, {"t": "v"})


def a_bucket(*indexes: store.Index) -> store.Bucket:
    named = {index.name: index for index in indexes}
    bucket = store.Bucket("b", ARN, {"sseType": "AES256"}, {}, policy="{}", indexes=named)
    store.replace([bucket])
    return bucket


def put(index: store.Index, *keys: str) -> None:
    index.table.put([Vector(key, np.array([1, 2, len(key)], np.float32), {"text": f"über {key}"}) for key in keys])


def restored() -> store.Bucket:
    """What an emulator would have that was started on what this one saved."""
    saved = json.loads(json.dumps(files.save()))
    store.replace([])
    files.load(saved)
    return store.everything()[0]


def test_everything_is_there_again(folder: Path) -> None:
    index = an_index()
    put(index, "a", "ключ")
    before = a_bucket(index)
    after = restored()
    assert (after.name, after.policy, after.created) == (before.name, "{}", before.created)
    again = after.indexes["i"]
    assert (again.arn, again.dimension, again.metric, again.non_filterable) == (index.arn, 3, "cosine", ("text",))
    assert (again.tags, again.encryption, again.created) == (index.tags, index.encryption, index.created)
    found = again.table.get("ключ")
    assert found is not None
    assert (len(again.table), found.data.tolist(), found.metadata) == (2, [1, 2, 4], {"text": "über ключ"})


def test_an_empty_index_is_there_again(folder: Path) -> None:
    a_bucket(an_index())
    assert len(restored().indexes["i"].table) == 0


def test_only_what_has_changed_is_written_anew_and_nothing_old_stays(folder: Path) -> None:
    a_bucket(an_index("one"), an_index("two"))
    after = restored()
    first = {file.name for file in folder.iterdir()}
    put(after.indexes["one"], "a")
    files.save()
    assert len({file.name for file in folder.iterdir()} - first) == 1
    restored()
    assert len(list(folder.iterdir())) == 2


def test_an_index_that_took_the_place_of_another_is_not_taken_for_it(folder: Path) -> None:
    first = an_index()
    put(first, "a")
    a_bucket(first)
    restored()
    second = an_index()
    put(second, "b")
    a_bucket(second)
    assert restored().indexes["i"].table.get("b") is not None


def test_a_save_that_breaks_off_leaves_what_was_saved_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = an_index()
    put(index, "a")
    a_bucket(index)
    saved = files.save()
    put(index, "b")

    def break_off(*_given: Any, **_arrays: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", break_off)
    with pytest.raises(OSError, match="No space left"):
        files.save()
    files.load(saved)
    assert len(store.everything()[0].indexes["i"].table) == 1
    assert [file.suffix for file in folder.iterdir()] == [".npz"]


def test_a_damaged_file_is_named(folder: Path) -> None:
    index = an_index()
    put(index, "a")
    a_bucket(index)
    saved = files.save()
    [file] = folder.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DamagedIndexError, match=file.name):
        files.load(saved)


def test_an_emulator_that_keeps_nothing_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PERSIST_VARIABLE, "0")
    a_bucket(an_index())
    assert files.save() == {"buckets": []}
    assert not folder.exists()


def test_more_than_the_twin_holds_is_refused_with_what_it_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = an_index()
    put(index, *(f"k{number}" for number in range(100)))
    a_bucket(index)
    monkeypatch.setattr(store, "MOST_BYTES", index.table.size + 1000)
    store.require_room(1000)
    with pytest.raises(ServiceError, match=r"ServiceQuotaExceededException: The twin holds up to .* delete vectors"):
        store.require_room(1001)
