"""``/v1/documents``: the caller's own documents."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any

from lambdas.gateway.bodies.checking import Check
from lambdas.gateway.bodies.retrieval import DOCUMENT
from lambdas.gateway.caps import metered
from lambdas.gateway.kept.owner import known
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply, Stream, event
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import failed
from lambdas.gateway.services import Services

LEAST_SECONDS = 0.25
"""Between two events that tell how far a document is read."""


def add(request: Request, services: Services) -> Reply | Stream:
    """Read a document in, and tell meanwhile how far that has come where it is asked for."""
    body = request.json()
    limits = services.settings.limits
    check = Check(limits)
    values = DOCUMENT.read(body, check)
    if ("text" in body) == ("content_base64" in body):
        check.wrong("", "give either 'text' or 'content_base64'")
    check.finish()
    content = values["text"] if "text" in body else values["content_base64"]
    if len(content) > limits.max_document_bytes:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The document has {len(content):,} bytes and {limits.max_document_bytes:,} are allowed.",
        )
    documents = services.documents
    given = (known(request.caller), values["name"], values["media_type"], content)
    if values.get("stream"):

        def events() -> Iterator[bytes]:
            with metered(request, services, services.settings.embedding) as spent:
                added = yield from _progress(documents.adding(*given, spent))
            yield event("done", _added(added))

        return Stream(events(), lambda problem: failed(request, problem))
    with metered(request, services, services.settings.embedding) as spent:
        added = documents.add(*given, spent)
    return Reply(_added(added), HTTPStatus.OK if added.already else HTTPStatus.CREATED)


def listed(request: Request, services: Services) -> Reply:
    """List the caller's documents."""
    return Reply({"documents": [_shown(document) for document in services.documents.list(known(request.caller))]})


def remove(request: Request, services: Services) -> Reply:
    """Remove a document."""
    services.documents.remove(known(request.caller), request.parameters["id"])
    return Reply(None, HTTPStatus.NO_CONTENT)


def _progress(adding: Generator[tuple[int, int], None, Any]) -> Generator[bytes, None, Any]:
    """Tell the first passage, the last one, and of those between what comes a while after what was told last."""
    last = 0.0
    while True:
        try:
            done, total = next(adding)
        except StopIteration as end:
            return end.value
        if not last or done == total or monotonic() - last >= LEAST_SECONDS:
            last = monotonic()
            yield event("progress", {"done": done, "total": total})


def _added(document: Any) -> Mapping[str, object]:
    return {**_shown(document), "already": document.already}


def _shown(document: Any) -> Mapping[str, object]:
    return {name: getattr(document, name) for name in ("id", "name", "media_type", "passages", "characters", "created")}
