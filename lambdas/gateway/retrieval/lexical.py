"""BM25 over one caller's passages, in a file of SQLite: an inverted index of our own in ordinary tables.

Not FTS5: Lambda's Python 3.11 comes with SQLite 3.7.17, which has none (tables and statements here are of that age),
and where there is one, its ranking reads every passage that holds any word of the question: at 100,000 passages that
takes longer than all the rest. Here the rarest words choose which passages are scored, and the frequent ones, of which
each says next to nothing, only add to the best of those ("continue": Moffat & Zobel 1996, "Self-indexing inverted
files for fast text retrieval").
"""

from __future__ import annotations

import heapq
import math
import sqlite3
import threading
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lambdas.gateway.retrieval import lexical_format
from lambdas.gateway.retrieval.lexical_format import OlderIndex, UnreadableIndex
from lambdas.gateway.retrieval.words import terms

__all__ = ["LexicalIndex", "Passage", "UnreadableIndex"]

SATURATION, LENGTH_SHARE = 1.2, 0.75
MOST_SCORED = 10_000
"""Postings of rare words after which no further passage becomes a candidate."""
MOST_CANDIDATES = 1000
MOST_COMMON = 0.3
"""Share of the passages; a word that stands in more of them does not rank them."""
_LARGEST_COUNT = 255
Posting = tuple["array[int]", bytes]


@dataclass(frozen=True)
class Passage:
    """A passage as it is kept.

    Attributes:
        number: its place among the document's passages, from 0.
    """

    document_id: str
    name: str
    number: int
    text: str


@dataclass(frozen=True)
class _Document:
    id: str
    name: str
    first: int
    passages: int


class LexicalIndex:
    """One caller's documents, passages and words.

    A passage is spoken of by a number that it has in this index alone.

    Args:
        path: of the file, which is made where there is none.
        rebuild: whether to bring a file of an older format to this one.

    Raises:
        UnreadableIndex: the file is of another format.
    """

    def __init__(self, path: Path, *, rebuild: bool = False) -> None:
        # One connection for all threads of the server, and one of them at a time.
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        try:
            self._set_up(rebuild=rebuild)
        except sqlite3.DatabaseError as failure:
            self._connection.close()
            raise UnreadableIndex(str(failure)) from failure
        except UnreadableIndex:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __len__(self) -> int:
        return len(self._damping)

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._documents

    # ---- changes ----------------------------------------------------------------------------------------

    def add(self, document_id: str, name: str, texts: Sequence[str]) -> bool:
        """Add a document's passages, and say so; one that is there already is replaced."""
        with self._lock, _Transaction(self._connection):
            self._remove(document_id)
            [(highest,)] = self._connection.execute("SELECT max(number) FROM passages")
            first = 0 if highest is None else highest + 1
            counted = [Counter(terms(text)) for text in texts]
            self._connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?)", (document_id, name, first, len(texts))
            )
            self._connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?)",
                (
                    (number, sum(counts.values()), zlib.compress(text.encode()))
                    for number, (text, counts) in enumerate(zip(texts, counted, strict=True), start=first)
                ),
            )
            self._append(_postings(counted, first))
        self._read()
        return True

    def remove(self, document_id: str) -> bool:
        """Remove a document with all that its passages added, and say whether it was there."""
        if document_id not in self:
            return False
        with self._lock, _Transaction(self._connection):
            self._remove(document_id)
        self._read()
        return True

    def compact(self) -> None:
        """Give back the space of what was removed, where it is a quarter of the file or more."""
        with self._lock:
            [(free,)] = self._connection.execute("PRAGMA freelist_count")
            [(pages,)] = self._connection.execute("PRAGMA page_count")
            if 4 * free >= pages:
                self._connection.execute("VACUUM")

    # ---- questions --------------------------------------------------------------------------------------

    def search(self, query: str, count: int) -> list[tuple[int, float]]:
        """Give the passages that are most like the query, with their scores, the likest first."""
        scores: dict[int, float] = {}
        scored = 0
        frequent: list[Posting] = []
        for passages, counts in sorted(self._holders(query), key=lambda one: len(one[0])):
            if not scored or scored + len(passages) <= MOST_SCORED:
                scored += len(passages)
                self._score(scores, passages, counts)
            elif len(passages) <= MOST_COMMON * len(self):
                frequent.append((passages, counts))
        if frequent:
            best = heapq.nlargest(MOST_CANDIDATES, scores, key=scores.__getitem__)
            scores = {number: scores[number] for number in sorted(best)}
            for passages, counts in frequent:
                self._score_again(scores, passages, counts)
        return heapq.nsmallest(count, scores.items(), key=lambda one: (-one[1], one[0]))

    def rarities(self, query: str) -> dict[str, float]:
        """Give how much each term of the query says: the rarer, the more; most, where no passage holds it."""
        with self._lock:
            counts = {term: self._count(term) for term in dict.fromkeys(terms(query))}
        return {term: self._rarity(count) for term, count in counts.items()}

    def passages(self, numbers: Iterable[int]) -> dict[int, Passage]:
        """Give passages by their numbers."""
        found: dict[int, Passage] = {}
        for number in numbers:
            document = self._ordered[bisect_right(self._firsts, number) - 1]
            with self._lock:
                [(text,)] = self._connection.execute("SELECT text FROM passages WHERE number = ?", (number,))
            found[number] = Passage(document.id, document.name, number - document.first, zlib.decompress(text).decode())
        return found

    def number(self, document_id: str, passage: int) -> int | None:
        """Give the number of a document's passage; None where there is no such document, or no such passage."""
        document = self._documents.get(document_id)
        if document is None or not 0 <= passage < document.passages:
            return None
        return document.first + passage

    def passages_of(self, document_id: str) -> int:
        """Give how many passages a document has here; none where it is not here."""
        document = self._documents.get(document_id)
        return document.passages if document else 0

    # ---- inside -----------------------------------------------------------------------------------------

    def _set_up(self, *, rebuild: bool) -> None:
        try:
            lexical_format.set_up(self._connection)
        except OlderIndex:
            if not rebuild:
                raise
            self._rebuild()
        self._read()

    def _rebuild(self) -> None:
        """Write the words anew, out of the passages' texts, which every format has."""
        with _Transaction(self._connection):
            documents = self._connection.execute("SELECT first, passages FROM documents ORDER BY first").fetchall()
            self._connection.execute("DELETE FROM postings")
            for first, count in documents:
                counted = [Counter(terms(text)) for text in self._texts(first, first + count)]
                lengths = ((sum(counts.values()), number) for number, counts in enumerate(counted, start=first))
                self._connection.executemany("UPDATE passages SET length = ? WHERE number = ?", lengths)
                self._append(_postings(counted, first))
            lexical_format.mark(self._connection)

    def _texts(self, first: int, end: int) -> list[str]:
        """Give the texts of passages, in order."""
        statement = "SELECT text FROM passages WHERE number >= ? AND number < ? ORDER BY number"
        return [zlib.decompress(text).decode() for (text,) in self._connection.execute(statement, (first, end))]

    def _read(self) -> None:
        """Take into memory what every search needs."""
        rows = self._connection.execute("SELECT id, name, first, passages FROM documents ORDER BY first").fetchall()
        self._ordered = [_Document(*row) for row in rows]
        self._firsts = [document.first for document in self._ordered]
        self._documents = {document.id: document for document in self._ordered}
        lengths = self._connection.execute("SELECT number, length FROM passages").fetchall()
        average = sum(length for _, length in lengths) / len(lengths) if lengths else 0.0
        share = LENGTH_SHARE / (average or 1.0)
        self._damping = {number: SATURATION * (1 - LENGTH_SHARE + share * length) for number, length in lengths}

    def _rarity(self, count: int) -> float:
        return math.log(1 + (len(self._damping) - count + 0.5) / (count + 0.5))

    def _count(self, term: str) -> int:
        row = self._connection.execute("SELECT length(counts) FROM postings WHERE term = ?", (term,)).fetchone()
        return row[0] if row else 0

    def _holders(self, query: str) -> list[Posting]:
        found = (self._posting(term) for term in dict.fromkeys(terms(query)))
        return [posting for posting in found if posting]

    def _posting(self, term: str) -> Posting | None:
        with self._lock:
            row = self._connection.execute("SELECT passages, counts FROM postings WHERE term = ?", (term,)).fetchone()
        if row is None:
            return None
        passages = array("I")
        passages.frombytes(row[0])
        return passages, row[1]

    def _score(self, scores: dict[int, float], passages: array[int], counts: bytes) -> None:
        damping, get = self._damping, scores.get
        weight = self._rarity(len(passages)) * (SATURATION + 1)
        for number, count in zip(passages, counts, strict=True):
            scores[number] = get(number, 0.0) + weight * count / (count + damping[number])

    def _score_again(self, scores: dict[int, float], passages: array[int], counts: bytes) -> None:
        """Add to the scores of passages that are candidates already, which are in the order of their numbers."""
        damping = self._damping
        weight = self._rarity(len(passages)) * (SATURATION + 1)
        place = 0
        for number in scores:
            place = bisect_left(passages, number, place)
            if place == len(passages):
                return
            if passages[place] == number:
                count = counts[place]
                scores[number] += weight * count / (count + damping[number])

    def _remove(self, document_id: str) -> None:
        row = self._connection.execute("SELECT first, passages FROM documents WHERE id = ?", (document_id,)).fetchone()
        if row is None:
            return
        first, end = row[0], row[0] + row[1]
        for term in set(chain.from_iterable(map(terms, self._texts(first, end)))):
            posting = self._posting(term)
            if posting:
                self._cut(term, posting, first, end)
        self._connection.execute("DELETE FROM passages WHERE number >= ? AND number < ?", (first, end))
        self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _cut(self, term: str, posting: Posting, first: int, end: int) -> None:
        passages, counts = posting
        left, right = bisect_left(passages, first), bisect_left(passages, end)
        self._write(term, passages[:left] + passages[right:], counts[:left] + counts[right:])

    def _append(self, added: dict[str, tuple[array[int], bytearray]]) -> None:
        for term, (passages, counts) in added.items():
            posting = self._posting(term)
            if posting:
                self._write(term, posting[0] + passages, posting[1] + counts)
            else:
                self._write(term, passages, bytes(counts))

    def _write(self, term: str, passages: array[int], counts: bytes) -> None:
        if passages:
            row = (term, sqlite3.Binary(passages.tobytes()), sqlite3.Binary(counts))
            self._connection.execute("INSERT OR REPLACE INTO postings VALUES (?, ?, ?)", row)
        else:
            self._connection.execute("DELETE FROM postings WHERE term = ?", (term,))


def _postings(counted: Sequence[Counter[str]], first: int) -> dict[str, tuple[array[int], bytearray]]:
    found: dict[str, tuple[array[int], bytearray]] = {}
    for number, counts in enumerate(counted, start=first):
        for term, count in counts.items():
            passages, numbers = found.setdefault(term, (array("I"), bytearray()))
            passages.append(number)
            numbers.append(min(count, _LARGEST_COUNT))
    return found


class _Transaction:
    """All of the changes, or none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("ROLLBACK" if kind else "COMMIT")
