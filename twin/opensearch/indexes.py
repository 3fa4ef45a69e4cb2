"""Indexes as they are asked for and described: their name, fields and settings."""

from __future__ import annotations

import re
from typing import Any

from twin.opensearch import errors, mappings
from twin.opensearch.store import REFRESH_S, Index

Json = dict[str, Any]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,254}")
_SETTINGS = ("knn", "knn.algo_param.ef_search", "refresh_interval")
_INTERVAL = re.compile(r"(\d+)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def made(name: str, given: Json) -> Index:
    """An index as a request asks for it: `mappings` and `settings`. Raises OpenSearchError."""
    if not _NAME.fullmatch(name):
        raise errors.OpenSearchError(
            "invalid_index_name_exception",
            f"Invalid index name [{name}], must be lowercase letters, digits, _ and -, beginning with a letter",
        )
    if unknown := sorted(set(given) - {"mappings", "settings"}):
        raise errors.not_parsed(f"unknown keys {unknown} for create index")
    settings = _flat(given.get("settings") or {})
    fields = mappings.parse(given.get("mappings") or {"properties": {}})
    if settings.get("knn") not in (True, "true"):
        raise errors.illegal("An index with a knn_vector field needs the setting index.knn: true")
    return Index(name, fields, refresh_interval(settings), settings)


def change(index: Index, given: Json) -> None:
    """Add fields to an index, and set its refresh interval. Raises OpenSearchError."""
    settings = _flat(given.get("settings") or {})
    fields = mappings.changed(index.fields, given.get("mappings"))
    index.fields, index.settings, index.refresh_s = fields, settings, refresh_interval(settings)


def refresh_interval(settings: Json) -> float | None:
    """After how many seconds what was written is found; None for never. Raises OpenSearchError."""
    given = settings.get("refresh_interval")
    if given is None:
        return REFRESH_S
    if str(given) == "-1":
        return None
    matched = _INTERVAL.fullmatch(str(given))
    if matched is None:
        raise errors.illegal(f"failed to parse setting [index.refresh_interval] with value [{given}] as a time value")
    return int(matched[1]) * _UNITS[matched[2]]


def described(index: Index) -> Json:
    """An index as `GET` shows it."""
    settings = {name: str(value).lower() for name, value in index.settings.items()}
    named = {"provided_name": index.name, "uuid": index.uuid}
    return {
        "aliases": {},
        "mappings": {"properties": index.fields.properties},
        "settings": {"index": {**settings, **named}},
    }


def _flat(given: Any) -> Json:
    """Settings by their name below `index`, however deep they were put."""
    if not isinstance(given, dict):
        raise errors.illegal("settings are an object")
    found: Json = {}
    for name, value in given.items():
        if isinstance(value, dict):
            found.update({f"{name}.{inner}": one for inner, one in _deep(value)})
        else:
            found[name] = value
    bare = {name.removeprefix("index."): value for name, value in found.items()}
    if unknown := sorted(set(bare) - set(_SETTINGS)):
        raise errors.illegal(f"The twin's indexes know the settings {', '.join(_SETTINGS)}, and not {unknown}")
    return bare


def _deep(given: Json) -> list[tuple[str, Any]]:
    pairs = []
    for name, value in given.items():
        if isinstance(value, dict):
            pairs += [(f"{name}.{inner}", one) for inner, one in _deep(value)]
        else:
            pairs.append((name, value))
    return pairs
