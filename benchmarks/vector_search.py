"""What a query of the twin's vectors costs: `.venv/bin/python -m benchmarks.vector_search`.

Fills an index with random vectors and the metadata of chunks, and asks it with random queries: without a filter, with
one that many vectors fulfil, and with one that few do. Prints CPU milliseconds of all threads, the median and the
largest of some queries; the first query with a filter is by itself, because it reads the metadata of all vectors, as
the first one after each write does. Also memory, and what saving and loading take.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, get_args

import numpy as np

from twin.s3vectors import filters
from twin.vectors import files
from twin.vectors.nearest import Metric
from twin.vectors.table import Vector, VectorTable

TEXT = "A chunk of a document, some hundred characters of it, as it lies beside its vector. " * 8
SOURCES, DAYS = 200, 1000
FILTERS: dict[str, dict[str, Any] | None] = {
    "no filter": None,
    "a filter that half fulfil": {"day": {"$lt": DAYS // 2}},
    "a filter that one in a thousand fulfils": {"$and": [{"source": "source-7"}, {"day": {"$lt": DAYS // 5}}]},
}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--top-k", type=int, default=10)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7, help="draws vectors and queries")
    options = parser.parse_args()
    for metric in get_args(Metric):
        print(f"{options.vectors} vectors, {options.dimension} dimensions, {metric}, top {options.top_k}")
        generator = np.random.default_rng(options.seed)
        table = VectorTable(options.dimension, metric)
        _timed("putting them, 500 at once", 1, lambda: _fill(table, generator, options.vectors))  # noqa: B023
        print(f"  {'memory':<56} {table.size / 1e6:8.0f} MB")
        for name, given in FILTERS.items():
            condition = filters.parse(given) if given else None
            ask = lambda: table.nearest(_draw(generator, options.dimension), options.top_k, condition)  # noqa: B023, E731
            if condition:
                table.delete([])  # a write: what filters have read of the metadata is forgotten
                _timed(f"{name}, the first time", 1, ask)
            _timed(name, options.queries, ask)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "index.npz"
            _timed("saving", 1, lambda: files.write(file, table))  # noqa: B023
            _timed("loading", 1, lambda: files.read(file, VectorTable(options.dimension, metric)))  # noqa: B023


def _fill(table: VectorTable, generator: np.random.Generator, count: int) -> None:
    for start in range(0, count, 500):
        table.put(list(_vectors(table, generator, range(start, min(start + 500, count)))))


def _vectors(table: VectorTable, generator: np.random.Generator, numbers: range) -> Iterator[Vector]:
    for number in numbers:
        metadata = {
            "source": f"source-{number % SOURCES}",
            "day": int(generator.integers(DAYS)),
            "text": f"{number}. {TEXT}",
        }
        yield Vector(f"chunk-{number}", _draw(generator, table.dimension), metadata)


def _draw(generator: np.random.Generator, dimension: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return generator.standard_normal(dimension, dtype=np.float32)


def _timed(what: str, times: int, work: Any) -> None:
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) * 1000)
    largest = f", at most {max(taken):.1f}" if times > 1 else ""
    print(f"  {what:<56} {median(taken):8.1f} CPU ms{largest}", flush=True)


if __name__ == "__main__":
    main()
