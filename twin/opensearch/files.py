"""What is kept when the emulator ends: a record of every index, and a file of documents for each.

A file is written under a name of its own and only then named in the records, which the emulator writes last: what was
saved before stays whole until the new records stand. Files that no record names are removed when they are next read.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.emulator.launcher import PERSIST_VARIABLE, WORK_DIR_VARIABLE
from twin.opensearch import mappings, store
from twin.vectors.files import read, write
from twin.vectors.saved import Saved


def save() -> Json:
    """The records, once the documents are in files; those of collections that are gone are left out."""
    if os.environ.get(PERSIST_VARIABLE) != "1":
        return {"collections": {}}
    kept = {name: indexes for name, indexes in store.everything().items() if hooks.collection_of(name)}
    return {
        "collections": {name: [_record(index) for index in indexes.values()] for name, indexes in kept.items()},
    }


def load(saved: Json) -> None:
    """Put back what was saved."""
    collections = {
        name: {record["name"]: _index(record) for record in records} for name, records in saved["collections"].items()
    }
    store.replace(collections)
    named = {index.saved.file for indexes in collections.values() for index in indexes.values()}
    for file in _folder().iterdir():
        if file.name not in named:
            file.unlink()


def _folder() -> Path:
    folder = Path(os.environ[WORK_DIR_VARIABLE]) / "state" / "opensearch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _record(index: store.Index) -> Json:
    return {
        "name": index.name,
        "uuid": index.uuid,
        "properties": index.fields.properties,
        "refresh_s": index.refresh_s,
        "settings": index.settings,
        "file": _file_of(index),
    }


def _index(record: Json) -> store.Index:
    fields = mappings.parse({"properties": record["properties"]})
    index = store.Index(record["name"], fields, record["refresh_s"], record["settings"], record["uuid"])
    read(_folder() / record["file"], index.table)
    index.adopt()
    index.saved = Saved(record["file"], index.table.changes)
    return index


def _file_of(index: store.Index) -> str:
    """The name of the file with the index's documents as they are, which is written where there is none."""
    index.settle()
    changes = index.table.changes
    if index.saved.changes != changes:
        file = f"{uuid.uuid4().hex}.npz"
        write(_folder() / file, index.table)
        index.saved = Saved(file, changes)
    return index.saved.file
