"""The documents of a retrieval candidate, out of the raw bucket and cut into passages, within bounds.

The gateway reads the passages, with their vectors, each time that it starts: that is what bounds them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from lambdas.shared import s3
from lambdas.shared.errors import FunctionError
from lambdas.shared.fields import Fields
from lambdas.shared.measuring import Documents
from lambdas.shared.passages import Passage, cut

MOST_OBJECTS = 2000
MOST_BYTES = 3_000_000
MOST_PASSAGES = 10_000
MOST_EMBEDDED_PASSAGES = 1000
TEXTS, LINES = (".txt", ".md"), ".jsonl"
REMEDY = "Correct it, or move it out of the folder."


class InvalidDocuments(FunctionError):
    """There are no documents, or too many, or one cannot be read."""


def read_documents(bucket: str, documents: Documents, *, embedded: bool) -> list[Passage]:
    """Give the passages of every document, in the order of their keys; of equal passages the first.

    Args:
        bucket: the raw bucket.
        documents: the folder, and how long a passage is.
        embedded: whether each passage will be embedded, of which there may be fewer.

    Raises:
        InvalidDocuments: so it is; the text says which object, or how many passages there are.
    """
    where = f"s3://{bucket}/{documents.folder}/"
    sizes = s3.sizes(bucket, f"{documents.folder}/")
    keys = [key for key in sizes if not key.endswith("/")]
    if len(keys) > MOST_OBJECTS:
        remedy = "Put several documents into one .jsonl file."
        raise InvalidDocuments(f"{len(keys):,} objects lie there, {MOST_OBJECTS:,} at most", where=where, remedy=remedy)
    # A text is read whole, lines are not.
    _bounded(sum(sizes[key] for key in keys if key.endswith(TEXTS)), where)
    found: dict[str, Passage] = {}
    size = 0
    for source, text, title in _texts(bucket, keys):
        for piece in cut(text, documents.passage_words):
            passage = f"{title}\n{piece}" if title else piece
            found.setdefault(passage, Passage(passage, source.removeprefix(f"{documents.folder}/")))
            size += len(passage.encode())
        _bounded(size, where)
    most = MOST_EMBEDDED_PASSAGES if embedded else MOST_PASSAGES
    if not 0 < len(found) <= most:
        remedy = f"Upload documents, {', '.join((*TEXTS, LINES))}." if not found else "Make passages longer, or fewer."
        raise InvalidDocuments(
            f"The documents have {len(found):,} passages, and from 1 to {most:,} can be searched by "
            f"{'embeddings' if embedded else 'words'}",
            where=where,
            remedy=remedy,
        )
    return list(found.values())


def _bounded(size: int, where: str) -> None:
    if size > MOST_BYTES:
        remedy = "Keep to the documents that the task needs."
        raise InvalidDocuments(f"The documents are longer than {MOST_BYTES:,} bytes", where=where, remedy=remedy)


def _texts(bucket: str, keys: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield key, text and title of every document."""
    for key in keys:
        where = f"s3://{bucket}/{key}"
        if key.endswith(LINES):
            for number, line in enumerate(s3.lines(bucket, key), start=1):
                yield key, *_document(line, f"{where}, document {number}")
        elif key.endswith(TEXTS):
            content = b"\n".join(s3.lines(bucket, key))
            yield key, _decoded(content, where), ""
        else:
            remedy = f"Make it {', '.join(TEXTS)} or {LINES}, or move it out of the folder."
            raise InvalidDocuments("A document of this kind cannot be read", where=where, remedy=remedy)


def _document(line: bytes, where: str) -> tuple[str, str]:
    try:
        value = json.loads(_decoded(line, where))
    except (ValueError, RecursionError):
        raise InvalidDocuments("A document is not JSON", where=where, remedy=REMEDY) from None
    fields = Fields(value, where, InvalidDocuments, REMEDY)
    return fields.text("text"), fields.text("title", default="")


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDocuments("A document is not UTF-8", where=where, remedy="Save it as UTF-8.") from None
