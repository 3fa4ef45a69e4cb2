"""Writing documents: one by one, or many at once."""

from __future__ import annotations

from typing import Any

from twin.opensearch import bulk as lines
from twin.opensearch import errors, mappings, store
from twin.opensearch.bulk import Action
from twin.opensearch.store import Index

Json = dict[str, Any]

actions = lines.parse


def bulk(collection: str, asked: list[Action], size: int) -> Json:
    """The answer of `_bulk`, whose body has `size` bytes: some actions may fail where others do not."""
    store.require_room(size)
    items = [{action.kind: _done(collection, action)} for action in asked]
    return {"took": 0, "errors": any("error" in next(iter(item.values())) for item in items), "items": items}


def add(index: Index, document: Json, size: int) -> Json:
    """The answer of `POST _doc`, whose body has `size` bytes. Raises OpenSearchError."""
    store.require_room(size)
    return _added(index, document)


def delete(index: Index, key: str) -> Json:
    """The answer of `DELETE _doc`."""
    return _result(index.name, key, "deleted" if index.remove(key) else "not_found")


def _added(index: Index, document: Json) -> Json:
    [key] = index.add([mappings.split(document, index.fields)])
    return _result(index.name, key, "created")


def _done(collection: str, action: Action) -> Json:
    try:
        if action.refusal:
            raise action.refusal
        index = store.index_of(collection, action.index)
        if action.kind == "delete":
            answered = delete(index, action.id or "")
            return {**answered, "status": 404 if answered["result"] == "not_found" else 200}
        return {**_added(index, action.document or {}), "status": 201}
    except errors.OpenSearchError as error:
        return {"_index": action.index, "_id": action.id, "status": error.status, "error": error.cause()}


def _result(index: str, key: str, result: str) -> Json:
    shards = {"total": 0, "successful": 0, "failed": 0}
    return {
        "_index": index,
        "_id": key,
        "_version": 1,
        "result": result,
        "_shards": shards,
        "_seq_no": 0,
        "_primary_term": 0,
    }
