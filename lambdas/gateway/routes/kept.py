"""What is kept for a caller alone: ``/v1/history``, ``/v1/feedback`` and ``/v1/usage``."""

from __future__ import annotations

from http import HTTPStatus

from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services, needed_meter


def conversations(request: Request, services: Services) -> Reply:
    """List the caller's conversations."""
    return Reply(services.history.list(request.caller))


def conversation(request: Request, services: Services) -> Reply:
    """Give one of them."""
    return Reply(services.history.get(request.caller, request.parameters["id"]))


def keep_conversation(request: Request, services: Services) -> Reply:
    """Keep one, in place of what is there under its id; of what the caller has read, where they say what that is."""
    history = services.history
    return Reply(history.put(request.caller, request.parameters["id"], request.json()))


def delete_conversation(request: Request, services: Services) -> Reply:
    """Delete one."""
    services.history.delete(request.caller, request.parameters["id"])
    return Reply(None, HTTPStatus.NO_CONTENT)


def add_feedback(request: Request, services: Services) -> Reply:
    """Keep what the caller says of an answer."""
    from lambdas.gateway.kept.feedback import checked
    from lambdas.gateway.models.catalogue import names

    store = services.feedback
    feedback = checked(request.json(), names(services.settings))
    return Reply(store.add(request.caller, feedback), HTTPStatus.CREATED)


def listed_feedback(request: Request, services: Services) -> Reply:
    """List what the caller has said."""
    return Reply(services.feedback.list(request.caller))


def delete_feedback(request: Request, services: Services) -> Reply:
    """Delete it, and what was to be learnt from it."""
    services.feedback.delete(request.caller, request.parameters["id"])
    return Reply(None, HTTPStatus.NO_CONTENT)


def usage(request: Request, services: Services) -> Reply:
    """Give what the caller has used today, and the models whose answers cost nothing by this account."""
    from lambdas.gateway.models.catalogue import not_priced

    meter = needed_meter(services)
    spent = meter.today(request.caller)
    return Reply(
        {
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cache_read_tokens": spent.cache_read_tokens,
            "cache_write_tokens": spent.cache_write_tokens,
            "requests": spent.requests,
            "cost_usd": spent.usd,
            "cap_usd": meter.cap(),
            "not_priced": not_priced(services.settings),
            "lifts_at": meter.lifts_at().isoformat(),
        }
    )
