"""Whether the process answers at all: what the Lambda Web Adapter waits for before it forwards a request."""

from __future__ import annotations

from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services


def healthz(request: Request, services: Services) -> Reply:  # noqa: ARG001
    """Say that it does."""
    return Reply({"status": "ok"})
