"""The rules for a vector's metadata: which values it may hold, how many keys, how large."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from twin.vectors.values import is_unicode, kind

MOST_KEYS = 50
MOST_BYTES = 40_960
MOST_FILTERABLE_BYTES = 2_048
# What S3 Vectors counts beside the JSON.
_OVERHEAD = 5


def size(metadata: dict[str, Any]) -> int:
    """Its size as S3 Vectors counts it: as JSON, in UTF-8."""
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) + _OVERHEAD


def problems(metadata: Any, non_filterable: Collection[str]) -> Iterator[str]:
    """Everything that S3 Vectors would refuse about it."""
    if not isinstance(metadata, dict):
        yield "Metadata must be an object"
        return
    if len(metadata) > MOST_KEYS:
        yield f"Metadata object must have at most {MOST_KEYS} keys"
    wrong = [problem for key, value in metadata.items() if (problem := _wrong(key, value))]
    yield from dict.fromkeys(wrong)
    if wrong:
        return
    if size(metadata) > MOST_BYTES:
        yield f"Metadata object must have at most {MOST_BYTES} bytes"
    filterable = {key: value for key, value in metadata.items() if key not in non_filterable}
    if size(filterable) > MOST_FILTERABLE_BYTES:
        yield (
            f"Filterable metadata must have at most {MOST_FILTERABLE_BYTES} bytes (name large keys in the index's "
            "metadataConfiguration.nonFilterableMetadataKeys)"
        )


def _wrong(key: str, value: Any) -> str | None:
    if not key or not is_unicode(key):
        return "Metadata keys must be strings of Unicode that are not empty"
    if isinstance(value, list):
        kinds = {kind(one) for one in value}
        if not value:
            return f"Metadata arrays must not be empty ({key}); leave the key out"
        if not kinds <= {"string", "number"}:
            return f"Metadata array values must be strings or numbers ({key})"
        return f"Metadata array values must be of one type ({key})" if len(kinds) > 1 else None
    if kind(value) == "other":
        return f"Metadata values must be strings, numbers, booleans, or arrays ({key})"
    return None
