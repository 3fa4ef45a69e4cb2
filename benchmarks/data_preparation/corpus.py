"""The input of all tools: distinct documents, and among them, in an order drawn by a seed, what is planted.

At scale n there are n times as many of everything. No document is repeated to make the corpus larger, and those of a
smaller scale are among those of a larger one.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import botocore

from benchmarks.data_preparation import api_models, documents, manuals
from benchmarks.data_preparation.documents import Document, usable
from benchmarks.data_preparation.folders import BENCH
from benchmarks.data_preparation.junk import broken_lines, junk_texts
from benchmarks.data_preparation.variants import BANDS, COPIES, band_name, copy_of, edited

SEED = 13
DOCUMENTS, PLANTED = 3_300, 55
"""Documents, and planted records of each kind, at scale 1."""
FILES = 4
_VOCABULARY_WORDS = 5_000

Say = Callable[[str], None]


class TooFewDocuments(Exception):
    """The sources do not hold as many distinct documents as a scale needs."""


class Pair(NamedTuple):
    """A planted record, the one it was made of, and how like each other they are."""

    kind: str
    original: str
    planted: str
    similarity: float


@dataclass(frozen=True)
class Corpus:
    """A written corpus; `texts` are the documents by id, `places` says which id each line of a file has."""

    scale: int
    folder: Path
    texts: dict[str, str]
    places: dict[tuple[str, int], str]
    pairs: list[Pair]

    @property
    def files(self) -> list[Path]:
        """Every file: those with documents, and the one with lines that are no JSON or no UTF-8."""
        return sorted(self.folder.glob("*.jsonl"))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files)


def collect(with_manuals: bool, say: Say) -> list[Document]:
    """Return every usable document in an order drawn by the seed; kept in a file, since it takes minutes."""
    folders = manuals.fetch() if with_manuals else []
    kept = BENCH / f"documents-{_version(folders)}.jsonl"
    if not kept.exists():
        say(f"Reading the documentation of botocore {' and of '.join(['', *(folder.name for folder in folders)])}…")
        found = list(usable(_all_texts(folders)))
        random.Random(SEED).shuffle(found)
        partial = kept.with_suffix(".partial")
        partial.write_text("".join(json.dumps(document) + "\n" for document in found))
        partial.replace(kept)
    with kept.open() as lines:
        return [Document(*json.loads(line)) for line in lines]


def write(scale: int, found: list[Document], folder: Path) -> Corpus:
    """Write the corpus of a scale to a folder; 0 stands for twenty documents, to see what the start alone costs."""
    count, planted = (DOCUMENTS * scale, PLANTED * scale) if scale else (20, 0)
    if len(found) < count:
        raise TooFewDocuments(
            f"Scale {scale} takes {count:,} distinct documents, and the sources hold {len(found):,}. "
            "Choose a smaller --scale, or leave --without-manuals away."
        )
    draw = random.Random(f"{SEED}/{scale}")
    base = found[:count]
    made = list(_plant(base, planted, draw))
    rows = [(document, "", 0, 1.0) for document in base] + made
    rows += [(document, "junk", 0, 0.0) for document in junk_texts(planted, base, draw)]
    order = list(range(len(rows)))
    draw.shuffle(order)
    place_of = {row: place for place, row in enumerate(order)}
    pairs = [
        Pair(kind, _id(place_of[source]), _id(place_of[count + number]), similarity)
        for number, (_, kind, source, similarity) in enumerate(made)
    ]
    texts, places = {}, {}
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(FILES):
        name = f"documents-{number}.jsonl"
        with (folder / name).open("w", encoding="utf-8") as file:
            for line, place in enumerate(range(number, len(rows), FILES), start=1):
                document = rows[order[place]][0]
                texts[_id(place)], places[name, line] = document.text, _id(place)
                record = {"id": _id(place), "text": document.text, "target": document.target}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    (folder / "broken.jsonl").write_bytes(b"".join(broken_lines(planted, base, draw)))
    return Corpus(scale, folder, texts, places, pairs)


Planted = tuple[Document, str, int, float]


def _plant(base: list[Document], count: int, draw: random.Random) -> Iterator[Planted]:
    """Yield (document, kind, place of the original, similarity), of each original at most one."""
    vocabulary = [word for document in draw.sample(base, min(len(base), 200)) for word in document.text.split()]
    vocabulary = [word for word in vocabulary if word.isalpha()][:_VOCABULARY_WORDS]
    sources = draw.sample(range(len(base)), len(base))
    for kind in COPIES:
        yield from _first(count, sources, lambda text, kind=kind: _with_one(copy_of(text, kind, draw)), kind, base)
    for band in BANDS:
        make = lambda text, band=band: edited(text, band, vocabulary, draw)  # noqa: E731
        yield from _first(count, sources, make, band_name(band), base)


def _with_one(text: str | None) -> tuple[str, float] | None:
    return None if text is None else (text, 1.0)


def _first(count: int, sources: list[int], make: Any, kind: str, base: list[Document]) -> Iterator[Planted]:
    made = 0
    while made < count:
        if not sources:
            raise TooFewDocuments(f"No documents are left to plant {count} of the kind {kind!r}.")
        source = sources.pop()
        if (variant := make(base[source].text)) is not None:
            made += 1
            yield Document(variant[0], base[source].target), kind, source, variant[1]


def _all_texts(folders: Iterable[Path]) -> Iterator[str]:
    return chain(
        chain.from_iterable(map(api_models.texts, api_models.models())),
        chain.from_iterable(map(manuals.texts, folders)),
    )


def _version(folders: list[Path]) -> str:
    """A digest of what decides about the documents: the code, and the versions of the sources."""
    code = [Path(module.__file__ or "").read_text() for module in (api_models, documents, manuals)]
    packages = [path.name for folder in folders for path in folder.glob("*.deb")]
    return hashlib.sha256("\n".join([*code, botocore.__version__, *packages]).encode()).hexdigest()[:12]


def _id(place: int) -> str:
    return f"d{place:06d}"
