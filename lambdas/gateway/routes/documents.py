"""``/v1/documents``: the caller's own documents."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from lambdas.gateway.bodies.checking import Check
from lambdas.gateway.bodies.retrieval import DOCUMENT
from lambdas.gateway.caps import metered
from lambdas.gateway.kept.owner import known
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services


def add(request: Request, services: Services) -> Reply:
    """Read a document in."""
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
    documents, caller = services.documents, known(request.caller)

    def progress(done: int, total: int) -> None:  # noqa: ARG001
        request.call.check()

    with metered(request, services, services.settings.embedding) as spent:
        added = documents.add(caller, values["name"], values["media_type"], content, progress, spent)
    return Reply(_shown(added), HTTPStatus.CREATED)


def listed(request: Request, services: Services) -> Reply:
    """List the caller's documents."""
    return Reply({"documents": [_shown(document) for document in services.documents.list(known(request.caller))]})


def remove(request: Request, services: Services) -> Reply:
    """Remove a document."""
    services.documents.remove(known(request.caller), request.parameters["id"])
    return Reply(None, HTTPStatus.NO_CONTENT)


def _shown(document: Any) -> Mapping[str, object]:
    return {name: getattr(document, name) for name in ("id", "name", "media_type", "passages", "characters", "created")}
