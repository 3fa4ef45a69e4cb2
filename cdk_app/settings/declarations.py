"""Every setting by its path, with description and bounds, read off the JSON schema of the models.

One source: what the models declare is what editors complete, what messages quote and what a run may override.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cdk_app.settings.document import KeyPath
from cdk_app.settings.model import Settings

NamePath = tuple[str, ...]


@dataclass(frozen=True)
class Declaration:
    """What the models say about one setting or one section."""

    path: NamePath
    description: str
    type: str
    """JSON type: string, integer, number, boolean, object or array."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str | int, ...] = ()
    pattern: str | None = None
    examples: tuple[str, ...] = ()
    """Values to write; of a list, items."""
    default: Any = None
    """What holds where the file says nothing; None also where the key is required."""
    required: bool = False
    keys: tuple[str, ...] = ()
    """Keys of a section, or of each item of a list of sections."""


def names_of(path: KeyPath) -> NamePath:
    """Leave out the positions in lists: all items of a list are declared alike."""
    return tuple(step for step in path if isinstance(step, str))


@cache
def declarations() -> Mapping[NamePath, Declaration]:
    """Return every setting of the file by its names, the whole file under `()`."""
    schema = Settings.model_json_schema()
    return {declared.path: declared for declared in _walk(schema, schema.get("$defs", {}), ())}


def _walk(
    schema: dict[str, Any], definitions: dict[str, Any], path: NamePath, required: bool = True
) -> Iterator[Declaration]:
    own = _resolve(schema, definitions)
    inner = _resolve(own["items"], definitions) if own["type"] == "array" else own
    properties = inner.get("properties", {})
    choices = inner.get("enum", [inner["const"]] if "const" in inner else [])
    yield Declaration(
        path=path,
        description=schema.get("description", own.get("description", "")),
        type=own["type"],
        minimum=own.get("minimum"),
        maximum=own.get("maximum"),
        choices=tuple(choices),
        pattern=own.get("pattern"),
        examples=tuple(own.get("examples", inner.get("examples", ()))),
        default=schema.get("default"),
        required=required,
        keys=tuple(properties),
    )
    for name, child in properties.items():
        yield from _walk(child, definitions, (*path, name), name in inner.get("required", ()))


def _resolve(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and look through `or null`."""
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return _resolve({**schema, **alternative, "anyOf": ()}, definitions)
    if "$ref" in schema:
        return dict(definitions[schema["$ref"].rpartition("/")[2]])
    return schema
