"""``GET /healthz``, which the Lambda Web Adapter waits for before it forwards a request, and ``GET /openapi.json``."""

from __future__ import annotations

from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services


def healthz(request: Request, services: Services) -> Reply:  # noqa: ARG001
    """Say that the process answers."""
    return Reply({"status": "ok"})


def openapi(request: Request, services: Services) -> Reply:
    """Describe the API."""
    from lambdas.gateway.openapi.document import document

    return Reply(document(services.settings, request.context))
