"""What a distance is worth: OpenSearch's score for each engine and space.

https://docs.opensearch.org/latest/mappings/supported-field-types/knn-spaces has the formulas. That of cosine similarity
was 1 / (1 + d) with nmslib (https://github.com/opensearch-project/k-NN/issues/2319) until OpenSearch 2.19, which gave
faiss this space, and all engines the formula (2 - d) / 2 (https://github.com/opensearch-project/k-NN/pull/2376). Here
each engine has the formula of the versions in which the service has that engine with the space: nmslib, which cannot be
chosen any more from 3.0 on, the former one, and faiss the latter.
"""

from __future__ import annotations

from typing import Literal, get_args

from twin.vectors.nearest import Metric

Engine = Literal["faiss", "nmslib"]
Space = Literal["cosinesimil", "innerproduct", "l2"]
ENGINES: tuple[str, ...] = get_args(Engine)
SPACES: tuple[str, ...] = get_args(Space)
METRICS: dict[str, Metric] = {"cosinesimil": "cosine", "innerproduct": "innerproduct", "l2": "euclidean"}


def score(distance: float, engine: str, space: str) -> float:
    """The score of a vector at a distance: 1 - cosine, the negative product, or the length of the difference."""
    if space == "l2":
        return 1.0 / (1.0 + distance * distance)
    if space == "innerproduct":
        return 1.0 - distance if distance < 0 else 1.0 / (1.0 + distance)
    return (2.0 - distance) / 2.0 if engine == "faiss" else 1.0 / (1.0 + distance)
