"""What a search of a large collection costs: CPU of all that takes part in it, in one run."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.retrieval.account import BUCKET, DIMENSIONS, INDEX, VECTORS, Account
from benchmarks.retrieval.questions import Service, questions, services
from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.chunks import chunk
from lambdas.gateway.retrieval.documents import owner_of
from lambdas.gateway.retrieval.index_files import IndexFiles
from lambdas.gateway.retrieval.lexical import Passage
from lambdas.gateway.retrieval.reading import read
from lambdas.gateway.retrieval.search import DEPTH
from lambdas.gateway.retrieval.vectors import VectorIndex
from lambdas.gateway.retrieval.words import terms
from lambdas.shared.embedding import Vector

COLLECTOR = Caller("service:collector", "service")
TOP_K = 8
WARM_UP = 5


@dataclass(frozen=True)
class Speed:
    """CPU milliseconds of a search, the median and the largest of some, and what it took to have something to search.

    Attributes:
        gateway: what the gateway's own code takes, boto3 with it.
        services: what stands in for Bedrock, S3 and S3 Vectors takes.
        index_bytes: size of the lexical index's file.
        write_seconds: wall time of adding one more document of 100 passages to that index.
        words: the part of the gateway's that ranks by words.
        fts5: what SQLite's own full-text search takes for the same; None where this SQLite has none.
    """

    passages: int
    gateway: tuple[float, float]
    services: tuple[float, float]
    whole: tuple[float, float]
    index_bytes: int
    write_seconds: float
    words: tuple[float, float]
    fts5: tuple[float, float] | None


def measure(account: Account, passages: int, searches: int, seed: int) -> Speed:
    """Fill a collection and search it.

    The passages are of the documentation. Their vectors are drawn, because embedding so many takes an hour here, and
    what a query costs depends on how many there are alone; the questions' are the model's.
    """
    every = services(seed)
    generator = random.Random(seed)
    owner = owner_of(COLLECTOR)
    texts = list(_texts(every, passages))
    _fill(owner, texts, np.random.default_rng(seed))
    asked = [one.text for one in generator.sample(questions(every, every), searches + WARM_UP)]
    taken: list[tuple[float, float]] = []
    for text in asked:
        before = account.cpu_seconds()
        found = account.documents.search(COLLECTOR, text, TOP_K)
        after = account.cpu_seconds()
        if len(found) != TOP_K:
            raise RuntimeError(f"{len(found)} passages were found and not {TOP_K}")
        taken.append(tuple((after[part] - before[part]) * 1000 for part in ("gateway", "services")))  # type: ignore[arg-type]
    taken = taken[WARM_UP:]
    size = account.emulator.client("s3").head_object(Bucket=BUCKET, Key=f"lexical/{owner}.sqlite")["ContentLength"]
    files = IndexFiles(BUCKET)
    with files.opened(owner) as index:
        if index is None:
            raise RuntimeError("There is no index")
        words = _summary([_taken(lambda: index.search(text, DEPTH)) for text in asked])  # noqa: B023
    begun = time.perf_counter()
    files.change(owner, lambda index: index.add("one-more", "one-more", texts[:100]))
    return Speed(
        passages=len(texts),
        gateway=_summary([one for one, _ in taken]),
        services=_summary([one for _, one in taken]),
        whole=_summary([sum(both) for both in taken]),
        index_bytes=size,
        write_seconds=time.perf_counter() - begun,
        words=words,
        fts5=_fts5(texts, asked),
    )


def _taken(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _fts5(texts: Sequence[str], asked: Sequence[str]) -> tuple[float, float] | None:
    """Ask SQLite's own full-text search, with BM25 over the same words."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE passages USING fts5(words, content='')")
    except sqlite3.OperationalError:
        return None
    rows = ((number, " ".join(terms(text))) for number, text in enumerate(texts))
    connection.executemany("INSERT INTO passages (rowid, words) VALUES (?, ?)", rows)
    connection.execute("INSERT INTO passages (passages) VALUES ('optimize')")
    statement = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?"
    queries = [" OR ".join(f'"{term}"' for term in dict.fromkeys(terms(text))) for text in asked]
    return _summary([_taken(lambda: connection.execute(statement, (query, DEPTH)).fetchall()) for query in queries])  # noqa: B023


def _summary(values: Sequence[float]) -> tuple[float, float]:
    return median(values), max(values)


def _texts(every: Sequence[Service], count: int) -> Iterator[str]:
    """Yield so many passages, no two equal; where the documentation ends, it begins again with a number before each."""
    given = 0
    for turn in range(100):
        for service in every:
            for text in chunk(read("text/html", service.page().encode(), 100_000_000)):
                if given == count:
                    return
                yield f"{turn} {text}" if turn else text
                given += 1


def _fill(owner: str, texts: Sequence[str], generator: np.random.Generator) -> None:
    files, vectors = IndexFiles(BUCKET), VectorIndex(VECTORS, INDEX)
    of_document = 2500
    parts = {f"document-{start}": texts[start : start + of_document] for start in range(0, len(texts), of_document)}

    files.change(owner, lambda index: all(index.add(name, name, part) for name, part in parts.items()))
    for done, (name, part) in enumerate(parts.items(), start=1):
        passages = [Passage(name, name, number, text) for number, text in enumerate(part)]
        vectors.put(owner, passages, _drawn(generator, len(part)))
        print(f"\r{done} of {len(parts)} parts of {of_document} vectors", end="", file=sys.stderr)
    print(file=sys.stderr)


def _drawn(generator: np.random.Generator, count: int) -> list[Vector]:
    return [tuple(row) for row in generator.standard_normal((count, DIMENSIONS), dtype=np.float32).tolist()]
