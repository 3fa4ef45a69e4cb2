"""Connected components of a graph whose edges are spread over many tasks, block by block.

Small graphs are put together in one task. Larger ones go through rounds of large-star and small-star (Kiveris and
others, "Connected Components in MapReduce and Beyond", SoCC 2014), each of which brings the edges of a node together
and hangs them on the least of its neighbours, until nothing changes.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pipelines.preparation.near.components import Index, components
from pipelines.preparation.near.shingles import mix


class Edges(NamedTuple):
    """Edges between nodes; where a graph has come to rest, each node with the least of its component."""

    node: Index
    other: Index


Sent = Iterator[tuple[int, Edges]]


def gather(blocks: Iterable[Edges]) -> Edges:
    """Put blocks together, each edge once."""
    kept = list(blocks)
    if not kept:
        return Edges(np.zeros(0, np.int64), np.zeros(0, np.int64))
    node, other = (np.concatenate(column) for column in zip(*kept, strict=True))
    order = np.lexsort((other, node))
    node, other = node[order], other[order]
    fresh = np.ones(len(node), bool)
    fresh[1:] = (node[1:] != node[:-1]) | (other[1:] != other[:-1])
    return Edges(node[fresh], other[fresh])


def contract(edges: Edges) -> Edges:
    """Connect every node with the least one of its component, as far as these edges tell."""
    nodes, places = np.unique(np.concatenate(edges), return_inverse=True)
    left, right = np.split(places, 2)
    root = components(left, right, len(nodes))
    away = root != np.arange(len(nodes))
    return Edges(nodes[away], nodes[root[away]])


def scatter(keys: Index, tasks: int) -> Iterator[tuple[int, Index]]:
    """Yield for each task the places of the keys that it has to see: equal keys go to one task."""
    task = (mix(keys.astype(np.uint64)) % np.uint64(tasks)).astype(np.int64)
    order = np.argsort(task, kind="stable")
    ends = np.searchsorted(task[order], np.arange(tasks + 1))
    for number in range(tasks):
        if ends[number] < ends[number + 1]:
            yield number, order[ends[number] : ends[number + 1]]


def send_both_ways(edges: Edges, tasks: int) -> Sent:
    """Send each edge to both of its nodes."""
    node, other = np.concatenate((edges.node, edges.other)), np.concatenate((edges.other, edges.node))
    for task, places in scatter(node, tasks):
        yield task, Edges(node[places], other[places])


def send_down(edges: Edges, tasks: int) -> Sent:
    """Send each edge to the greater of its nodes."""
    node, other = np.maximum(*edges), np.minimum(*edges)
    for task, places in scatter(node, tasks):
        yield task, Edges(node[places], other[places])


def large_star(edges: Edges) -> Edges:
    """Hang each node's greater neighbours on the least of all; `edges` has each node's in both directions."""
    node, other = edges
    least = np.minimum(_least(edges), node)
    greater = other > node
    return Edges(other[greater], least[greater])


def small_star(edges: Edges) -> Edges:
    """Hang each node and its lesser neighbours on the least of them."""
    node, other = edges
    least = _least(edges)
    beside = other != least
    return gather([Edges(node, least), Edges(other[beside], least[beside])])


def fingerprint(edges: Edges) -> int:
    """Return a number that tells whether the edges have changed; of several blocks the sum does."""
    words = mix(edges.node.astype(np.uint64)) * np.uint64(3) + edges.other.astype(np.uint64)
    return int(mix(words).sum(dtype=np.uint64))


def _least(edges: Edges) -> Index:
    """Return for each edge the least neighbour of its node; the edges are sorted by node, then by neighbour."""
    first = np.ones(len(edges.node), bool)
    first[1:] = edges.node[1:] != edges.node[:-1]
    return np.repeat(edges.other[first], np.diff(np.flatnonzero(np.append(first, True))))
