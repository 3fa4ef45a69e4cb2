"""A caller's documents: added, listed, removed and searched; nobody finds another's.

Adding writes in this order: the journal's entry, the original, the vectors, the lexical index, and that it is ready.
A search knows only passages of the lexical index, which is written in one piece: until then nothing of a document is
found, and after it all of it. Removing goes the other way round. What fails is undone; what was broken off, with its
process, is cleaned up by whoever next adds or removes a document of the same caller, and so is what was removed before
the vector store showed all of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Protocol

from lambdas.gateway.exchange import Caller
from lambdas.gateway.problems import Problem, retry_later
from lambdas.gateway.retrieval import vector_store
from lambdas.gateway.retrieval.calls import explained
from lambdas.gateway.retrieval.catalogue import REMOVED, REMOVING, Catalogue, Document, Entry, now
from lambdas.gateway.retrieval.chunks import chunk
from lambdas.gateway.retrieval.embeddings import Embedder, Progress, Spent
from lambdas.gateway.retrieval.index_files import IndexFiles
from lambdas.gateway.retrieval.lexical import LexicalIndex, Passage
from lambdas.gateway.retrieval.reading import Section, read
from lambdas.gateway.retrieval.search import DEPTH, Found, ranked
from lambdas.gateway.retrieval.vector_store import VectorStore
from lambdas.shared import aws, environment, log
from lambdas.shared.embedding import Vector

MOST_DOCUMENTS = 1000
"""Of one caller."""
MOST_PASSAGES = 100_000
"""Of one caller."""
MOST_PASSAGES_OF_DOCUMENT = 10_000
MOST_NAME_CHARACTERS = 200
ORIGINALS = "originals"


class EmbeddingSettings(Protocol):
    """The model that embeds."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...


class LimitSettings(Protocol):
    """What a request may bring."""

    @property
    def max_document_bytes(self) -> int: ...


class RetrievalSettings(Protocol):
    """What documents need of the gateway's settings."""

    @property
    def embedding(self) -> EmbeddingSettings | None: ...

    @property
    def limits(self) -> LimitSettings: ...


class Documents:
    """The documents of all callers.

    Args:
        bucket: for originals and lexical indexes.
        catalogue: lists them.
        files: the lexical indexes, in the same bucket.
        vectors: the vector store, with what embeds for it; None where words alone are searched.
        most_bytes: of one document.
    """

    def __init__(
        self,
        bucket: str,
        catalogue: Catalogue,
        files: IndexFiles,
        vectors: tuple[VectorStore, Embedder] | None,
        most_bytes: int,
    ) -> None:
        self._bucket, self._catalogue, self._files = bucket, catalogue, files
        self._vectors, self._most_bytes = vectors, most_bytes

    @classmethod
    def from_environment(cls, settings: RetrievalSettings) -> Documents:
        """Give the documents of the function's bucket, table and vector store.

        Raises:
            ConfigurationError: one of their names is missing in the environment.
        """
        bucket = environment.required("DOCUMENTS_BUCKET")
        vectors = None
        if settings.embedding:
            embedder = Embedder(settings.embedding.model_id, settings.embedding.dimensions)
            vectors = vector_store.from_environment(), embedder
        catalogue = Catalogue(environment.required("GATEWAY_TABLE"))
        return cls(bucket, catalogue, IndexFiles(bucket), vectors, settings.limits.max_document_bytes)

    # ---- documents --------------------------------------------------------------------------------------

    def add(
        self,
        caller: Caller,
        name: str,
        media_type: str,
        content: bytes,
        spent: Spent = lambda _tokens: None,
    ) -> Document:
        """Add a document and give it; raises as `adding` does."""
        adding = self.adding(caller, name, media_type, content, spent)
        while True:
            try:
                next(adding)
            except StopIteration as end:
                added: Document = end.value
                return added

    def adding(
        self, caller: Caller, name: str, media_type: str, content: bytes, spent: Spent
    ) -> Generator[Progress, None, Document]:
        """Add a document, all of it or nothing, and yield how far its passages are embedded.

        The same content is one document: whoever adds it again gets the one that is there.

        Raises:
            Problem: 400, 413, 415 or 422 where it cannot be read, or not in time; 409 where there are too many, or
                where it is being added or removed just now; 502 or 503 where a service failed.
        """
        name = _name(name)
        document_id = _id(caller, media_type, content)
        entries = self._swept(caller)
        present = next((entry for entry in entries if entry.document.id == document_id), None)
        if present and present.state != REMOVED:
            return _present(present)
        sections = read(media_type, content, self._most_bytes)
        texts = _passages(sections)
        _check_room([entry for entry in entries if entry.state != REMOVED], len(texts))
        # Not those of the passages, which overlap and repeat their headings.
        characters = sum(len(section.text) for section in sections)
        document = Document(document_id, name, media_type, len(texts), characters, now())
        # Of what was removed the same passages may be left; they go with this document's own, or after them.
        attempt = self._catalogue.begin(caller.id, document, left=present)
        if attempt is None:
            raise _busy()
        try:
            embedded = (yield from self._vectors[1].documents(texts, spent)) if self._vectors else []
            self._write(caller, document, texts, content, embedded)
            if not self._catalogue.finish(caller.id, document_id, attempt):
                raise _busy()
        except BaseException:
            self._undo(caller, document, added_again=present is not None)
            raise
        return document

    def list(self, caller: Caller) -> Sequence[Document]:
        """Give a caller's documents, the earliest first."""
        return [entry.document for entry in self._catalogue.entries(caller.id) if entry.ready]

    def remove(self, caller: Caller, document_id: str) -> None:
        """Remove a document and all that was made of it.

        Raises:
            Problem: 404 where the caller has none of this id; 409 where it is being added.
        """
        entry = next((one for one in self._swept(caller) if one.document.id == document_id), None)
        if entry is None and (passages := self._passages_in_index(caller, document_id)):
            # Its list is that of an earlier time, such as a table that was restored; it must go all the same.
            self._erase(caller, document_id, passages)
            return
        if entry is None or entry.state in (REMOVING, REMOVED):
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such document.")
        if not entry.ready or not self._catalogue.claim(caller.id, entry):
            raise _busy()
        self._take_away(caller, entry.document, added_again=entry.added_again)

    # ---- search -----------------------------------------------------------------------------------------

    def search(self, caller: Caller, query: str, top_k: int, spent: Spent = lambda _tokens: None) -> Sequence[Found]:
        """Give the passages of a caller's own documents that are likeliest to answer, the likeliest first."""
        owner = owner_of(caller)
        with explained("the index of documents"), self._files.opened(owner) as index:
            if index is None or not len(index) or not query.strip():
                return []
            return ranked(index, query, self._cosines(owner, index, query, spent), top_k)

    def _cosines(self, owner: str, index: LexicalIndex, query: str, spent: Spent) -> dict[int, float]:
        if self._vectors is None:
            return {}
        vectors, embedder = self._vectors
        found: dict[int, float] = {}
        for document_id, passage, cosine in vectors.nearest(owner, embedder.query(query, spent), DEPTH):
            # A vector that the caller's own index does not know is of a document that is being added or removed.
            number = index.number(document_id, passage)
            if number is not None:
                found[number] = cosine
        return found

    # ---- inside -----------------------------------------------------------------------------------------

    def _write(
        self, caller: Caller, document: Document, texts: Sequence[str], content: bytes, embedded: Sequence[Vector]
    ) -> None:
        owner = owner_of(caller)
        passages = [Passage(document.id, document.name, number, text) for number, text in enumerate(texts)]
        with explained("the original"):
            self._client().put_object(
                Bucket=self._bucket,
                Key=_original(owner, document.id),
                Body=content,
                ContentType=document.media_type,
                ContentDisposition="attachment",
            )
        if self._vectors:
            self._vectors[0].put(owner, passages, embedded)
        with explained("the index of documents"):
            self._files.change(owner, lambda index: index.add(document.id, document.name, texts))

    def _passages_in_index(self, caller: Caller, document_id: str) -> int:
        with explained("the index of documents"), self._files.opened(owner_of(caller)) as index:
            return index.passages_of(document_id) if index is not None else 0

    def _erase(self, caller: Caller, document_id: str, passages: int) -> bool:
        """Delete all of a document but the journal's entry, what a search goes by first.

        False where some of its vectors may be left that the store does not show yet.
        """
        owner = owner_of(caller)
        with explained("the index of documents"):
            self._files.change(owner, lambda index: index.remove(document_id))
        whole = self._vectors[0].remove(owner, document_id, passages) if self._vectors else True
        with explained("the original"):
            self._client().delete_object(Bucket=self._bucket, Key=_original(owner, document_id))
        return whole

    def _take_away(self, caller: Caller, document: Document, *, added_again: bool) -> None:
        """Erase a document that may have been written a moment ago, and let the journal remember what may be left.

        Of one that was added again, more was written than it has passages: that these are gone says nothing of the
        former ones.
        """
        if self._erase(caller, document.id, document.passages) and not added_again:
            self._catalogue.forget(caller.id, document.id)
        else:
            self._catalogue.leave(caller.id, document)

    def _undo(self, caller: Caller, document: Document, *, added_again: bool) -> None:
        """Erase what was written; where that fails too, the journal's entry stays, and the next one cleans up."""
        try:
            self._take_away(caller, document, added_again=added_again)
        except Problem as failure:
            log.error("What was written of a document stays until the next one", reason=failure.detail)

    def _swept(self, caller: Caller) -> Sequence[Entry]:
        """Give a caller's entries, without those that were broken off, of which everything is deleted.

        So long after it was written, a store shows all that is left.
        """
        kept = []
        for entry in self._catalogue.entries(caller.id):
            if not entry.broken_off:
                kept.append(entry)
            elif self._catalogue.claim(caller.id, entry):
                if not self._erase(caller, entry.document.id, entry.document.passages):
                    # As a rule: part of them was deleted before, or was never written.
                    log.info("Of a document that was broken off fewer vectors were there than it has passages")
                self._catalogue.forget(caller.id, entry.document.id)
        return kept

    def _client(self) -> Any:
        return aws.client("s3")


def owner_of(caller: Caller) -> str:
    """Name a caller in keys and metadata: an id may be long, and hold anything."""
    return hashlib.sha256(caller.id.encode()).hexdigest()[:40]


def _id(caller: Caller, media_type: str, content: bytes) -> str:
    """Name a document by whose it is and what is in it, so that no two callers ever share one."""
    digest = hashlib.sha256(f"{owner_of(caller)}\n{media_type}\n".encode())
    digest.update(content)
    return digest.hexdigest()[:32]


def _original(owner: str, document_id: str) -> str:
    return f"{ORIGINALS}/{owner}/{document_id}"


def _name(name: str) -> str:
    cleaned = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", name).strip()
    if not cleaned or len(cleaned) > MOST_NAME_CHARACTERS:
        detail = f"A document's name has from 1 to {MOST_NAME_CHARACTERS} characters."
        raise Problem(HTTPStatus.BAD_REQUEST, detail)
    return cleaned


def _present(entry: Entry) -> Document:
    if not entry.ready:
        raise _busy()
    return replace(entry.document, already=True)


def _passages(sections: Sequence[Section]) -> Sequence[str]:
    texts = list(chunk(sections))
    if len(texts) > MOST_PASSAGES_OF_DOCUMENT:
        most = f"{MOST_PASSAGES_OF_DOCUMENT:,} are allowed"
        detail = f"The document has {len(texts):,} passages and {most}. Divide it."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return texts


def _busy() -> Problem:
    return retry_later(HTTPStatus.CONFLICT, "This document is being added or removed. Try again.", 5)


def _check_room(entries: Sequence[Entry], passages: int) -> None:
    if len(entries) >= MOST_DOCUMENTS:
        detail = f"You have {len(entries):,} documents, and {MOST_DOCUMENTS:,} are allowed. Remove some."
        raise Problem(HTTPStatus.CONFLICT, detail)
    total = passages + sum(entry.document.passages for entry in entries)
    if total > MOST_PASSAGES:
        detail = f"Your documents would have {total:,} passages, and {MOST_PASSAGES:,} are allowed. Remove some."
        raise Problem(HTTPStatus.CONFLICT, detail)
