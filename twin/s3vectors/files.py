"""What is kept when the emulator ends: a record of every bucket and index, and a file of vectors for each index.

A file is written under a name of its own and only then named in the records, which the emulator writes last: what was
saved before stays whole until the new records stand. Files that no record names are removed when they are next read.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from twin.emulator.hooks import Json
from twin.emulator.launcher import PERSIST_VARIABLE, WORK_DIR_VARIABLE
from twin.s3vectors import store
from twin.vectors.files import read, write
from twin.vectors.saved import Saved


def save() -> Json:
    """The records, once the vectors are in files."""
    if os.environ.get(PERSIST_VARIABLE) != "1":
        return {"buckets": []}
    return {"buckets": [_record(bucket) for bucket in store.everything()]}


def load(saved: Json) -> None:
    """Put back what was saved."""
    buckets = [_bucket(record) for record in saved["buckets"]]
    store.replace(buckets)
    named = {index.saved.file for bucket in buckets for index in bucket.indexes.values()}
    for file in _folder().iterdir():
        if file.name not in named:
            file.unlink()


def _folder() -> Path:
    folder = Path(os.environ[WORK_DIR_VARIABLE]) / "state" / "s3vectors"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _record(bucket: store.Bucket) -> Json:
    return {
        "name": bucket.name,
        "arn": bucket.arn,
        "encryption": bucket.encryption,
        "tags": bucket.tags,
        "created": bucket.created,
        "policy": bucket.policy,
        "indexes": [_index_record(index) for index in bucket.indexes.values()],
    }


def _index_record(index: store.Index) -> Json:
    return {
        "name": index.name,
        "arn": index.arn,
        "dimension": index.dimension,
        "metric": index.metric,
        "non_filterable": list(index.non_filterable),
        "encryption": index.encryption,
        "tags": index.tags,
        "created": index.created,
        "file": _file_of(index),
    }


def _bucket(record: Json) -> store.Bucket:
    fields = {name: record[name] for name in ("name", "arn", "encryption", "tags", "created", "policy")}
    return store.Bucket(**fields, indexes={one["name"]: _index(one) for one in record["indexes"]})


def _index(record: Json) -> store.Index:
    fields = {name: record[name] for name in record if name not in ("file", "non_filterable")}
    index = store.Index(**fields, non_filterable=tuple(record["non_filterable"]))
    read(_folder() / record["file"], index.table)
    index.saved = Saved(record["file"], index.table.changes)
    return index


def _file_of(index: store.Index) -> str:
    """The name of the file with the index's vectors as they are, which is written where there is none."""
    changes = index.table.changes
    if index.saved.changes != changes:
        file = f"{uuid.uuid4().hex}.npz"
        write(_folder() / file, index.table)
        index.saved = Saved(file, changes)
    return index.saved.file
