"""The fields of an index: which there are, of which type, and what a document may hold under each.

The types are those that AWS::OpenSearchServerless::Index knows. Dynamic mapping is not done: a field that the mapping
does not name is refused, where OpenSearch would guess its type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.opensearch import errors
from twin.opensearch.scores import ENGINES, SPACES
from twin.vectors.nearest import Floats
from twin.vectors.values import is_unicode

Json = dict[str, Any]

MOST_DIMENSIONS = 16_000
TYPES = ("integer", "keyword", "knn_vector", "text")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_VECTOR_KEYS = {"type", "dimension", "method", "space_type"}
_METHOD_KEYS = {"name", "engine", "space_type", "parameters"}
_PARAMETERS = {"ef_construction", "m"}
_INTEGERS = range(-(2**31), 2**31)
# A keyword longer than that is refused by Lucene.
_MOST_KEYWORD_BYTES = 32_766


@dataclass(frozen=True)
class Vectors:
    """The field with the vectors: its engine decides on filters and scores, its space on distances."""

    name: str
    dimension: int
    engine: str
    space: str


@dataclass(frozen=True)
class Fields:
    """The mapping of an index: as it was given, and what of it matters."""

    properties: Json
    vectors: Vectors
    types: Mapping[str, str] = field(default_factory=dict)
    unsearchable: frozenset[str] = frozenset()

    def of(self, name: str) -> str:
        """The type of a field. Raises OpenSearchError where there is none, which OpenSearch would let find nothing."""
        if name not in self.types:
            raise errors.illegal(f"No field [{name}] is in the mapping; there are {', '.join(sorted(self.types))}.")
        return self.types[name]


def parse(given: Any) -> Fields:
    """The fields that `mappings` state. Raises OpenSearchError."""
    if not isinstance(given, dict) or set(given) != {"properties"} or not isinstance(given["properties"], dict):
        raise errors.mapping("The twin's mappings have properties, and nothing else.")
    properties: Json = given["properties"]
    problems = [problem for name, one in properties.items() for problem in _problems(name, one)]
    vectors = [name for name, one in properties.items() if isinstance(one, dict) and one.get("type") == "knn_vector"]
    if len(vectors) != 1:
        problems.append(f"The twin's indexes have one field of type knn_vector, not {len(vectors)}")
    if problems:
        raise errors.mapping(f"Failed to parse mapping [_doc]: {'; '.join(problems)}")
    types = {name: str(one["type"]) for name, one in properties.items()}
    unsearchable = frozenset(name for name, one in properties.items() if one.get("index") is False)
    return Fields(properties, _vectors(vectors[0], properties[vectors[0]]), types, unsearchable)


def changed(before: Fields, given: Any) -> Fields:
    """The fields with those added that are new: none can be changed or taken away. Raises OpenSearchError."""
    after = parse({"properties": {**before.properties, **(given or {}).get("properties", {})}})
    for name, one in before.properties.items():
        if after.properties[name] != one:
            raise errors.illegal(f"Mapper for [{name}] conflicts with existing mapping: cannot be changed from {one}")
    return after


def _vectors(name: str, given: Json) -> Vectors:
    method = given.get("method", {})
    space = method.get("space_type") or given.get("space_type") or "l2"
    return Vectors(name, given["dimension"], method.get("engine", "faiss"), space)


def _problems(name: str, given: Any) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"The name of field [{name}] must be 1 to 64 letters, digits, _, . and -"
    if not isinstance(given, dict) or given.get("type") not in TYPES:
        kind = given.get("type") if isinstance(given, dict) else given
        yield f"No handler here for type [{kind}] declared on field [{name}]; there are {', '.join(TYPES)}"
        return
    if given["type"] == "knn_vector":
        yield from _problems_of_vectors(name, given)
        return
    if unknown := sorted(set(given) - {"type", "index"}):
        yield f"The twin does not know the parameters {unknown} of field [{name}]"
    if not isinstance(given.get("index", True), bool):
        yield f"index of field [{name}] is true or false"


def _problems_of_vectors(name: str, given: Json) -> Iterator[str]:
    if unknown := sorted(set(given) - _VECTOR_KEYS):
        yield f"The twin does not know the parameters {unknown} of field [{name}]"
    dimension = given.get("dimension")
    if not isinstance(dimension, int) or isinstance(dimension, bool) or not 0 < dimension <= MOST_DIMENSIONS:
        yield f"Dimension of field [{name}] must be from 1 to {MOST_DIMENSIONS}, not {dimension}"
    method = given.get("method", {"name": "hnsw"})
    if not isinstance(method, dict):
        yield f"The method of field [{name}] is an object"
        return
    if unknown := sorted(set(method) - _METHOD_KEYS):
        yield f"The twin does not know the parameters {unknown} of the method of field [{name}]"
    if method.get("name") != "hnsw":
        yield f"Vector search collections have the method hnsw, not {method.get('name')}"
    if (engine := method.get("engine", "faiss")) not in ENGINES:
        yield f"Vector search collections have the engines {', '.join(ENGINES)}, not {engine}"
    for space in (method.get("space_type", "l2"), given.get("space_type", "l2")):
        if space not in SPACES:
            yield f"The twin has the spaces {', '.join(SPACES)}, not {space}"
    parameters = method.get("parameters", {})
    if not isinstance(parameters, dict) or not set(parameters) <= _PARAMETERS:
        yield f"The parameters of hnsw are {', '.join(sorted(_PARAMETERS))}, not {parameters}"


# ---- documents ------------------------------------------------------------------------------------------


def split(document: Json, fields: Fields) -> tuple[Floats, Json]:
    """A document's vector, and the rest of it. Raises OpenSearchError."""
    name = fields.vectors.name
    for key, value in document.items():
        if key not in fields.types:
            raise errors.mapping(
                f"The twin's indexes take the fields of their mapping alone, not [{key}]: add it to the mapping."
            )
        if key != name and (wanted := _unfit(fields.types[key], value)):
            raise errors.mapping(f"failed to parse field [{key}] of type [{fields.types[key]}]: it takes {wanted}")
    if name not in document:
        raise errors.mapping(f"The twin's documents have a vector each: [{name}] is missing.")
    rest = {key: value for key, value in document.items() if key != name and value is not None}
    return as_vector(document[name], fields.vectors), rest


def as_vector(given: Any, vectors: Vectors) -> Floats:
    """Numbers as the index keeps them. Raises OpenSearchError."""
    if not isinstance(given, list) or not set(map(type, given)) <= {int, float}:
        raise errors.mapping(f"failed to parse field [{vectors.name}] of type [knn_vector]: it takes a list of numbers")
    if len(given) != vectors.dimension:
        raise errors.mapping(
            f"failed to parse field [{vectors.name}] of type [knn_vector]: Vector dimension mismatch. Expected: "
            f"{vectors.dimension}, Given: {len(given)}"
        )
    try:
        with np.errstate(over="ignore"):
            array: Floats = np.array(given, dtype=np.float64).astype(np.float32)
    except OverflowError:
        array = np.array([np.inf], dtype=np.float32)
    if not np.isfinite(array).all():
        raise errors.mapping("KNN vector values cannot be NaN or infinity")
    if vectors.space == "cosinesimil" and not array.any():
        raise errors.illegal("zero vector is not supported when space type is [cosinesimil]")
    return array


def _unfit(kind: str, value: Any) -> str | None:
    """What a field takes, where a value is not that; a list of such values fits too, and so does null."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    if kind == "integer":
        fits = all(type(one) in (int, float) and math.isfinite(one) and int(one) in _INTEGERS for one in values)
        return None if fits else "integers of 32 bits"
    if not all(isinstance(one, str) and is_unicode(one) for one in values):
        return "texts of Unicode"
    longest = max((len(one.encode()) for one in values), default=0)
    return f"at most {_MOST_KEYWORD_BYTES} bytes" if kind == "keyword" and longest > _MOST_KEYWORD_BYTES else None
