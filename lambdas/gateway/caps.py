"""The caps before a request's first call to a model, and its account after each: an answer's, and an embedding's.

A cap binds what is paid by the token: a model without a price is asked whatever was used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus

from lambdas.gateway.exchange import Usage
from lambdas.gateway.models.catalogue import not_priced
from lambdas.gateway.problems import Problem, retry_later
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services
from lambdas.gateway.settings import Embedding, Price
from lambdas.shared import aws, log


def allow(request: Request, services: Services, price: Price | None) -> None:
    """Let a request go on to a model of this price; one that has begun below the cap is answered to its end.

    Raises:
        Problem: 429, the caller, or all callers together, have used what they may today.
    """
    if price is None or services.meter is None or request.allowed:
        return
    try:
        services.meter.allow(request.caller)
    except Exception as refusal:
        lifts_at = getattr(refusal, "lifts_at", None)
        if lifts_at is None:
            raise
        own = bool(getattr(refusal, "own", True))
        raise cap_reached(lifts_at, own=own, answering=not_priced(services.settings)) from refusal
    request.allowed = True


def allowed(request: Request, services: Services, price: Price | None) -> bool:
    """Whether `allow` lets a request go on, where what it asks for can be done without."""
    try:
        allow(request, services, price)
    except Problem:
        return False
    except aws.CALL_ERRORS as failure:
        log.warning("The cap cannot be read", reason=str(failure))
        return False
    return True


def account(request: Request, services: Services, usage: Usage, nano_usd: int | None) -> None:
    """Count what a request has used, with what was embedded for its prompt.

    Where the table cannot be written, the log tells what is missing there.
    """
    of_prompt, cost_of_prompt = embedded(request, services)
    usage, nano_usd = usage + of_prompt, _sum(nano_usd, cost_of_prompt)
    if services.meter is None or usage == Usage():
        return
    requests, request.counted = int(not request.counted), True
    try:
        services.meter.account(request.caller, usage, nano_usd, requests=requests)
    except aws.CALL_ERRORS as failure:
        # Whoever is refused an answer that is there asks, and has it paid for, once more.
        log.error("What was used could not be counted", reason=str(failure), nano_usd=nano_usd)


def embedded(request: Request, services: Services) -> tuple[Usage, int | None]:
    """Give what was embedded for the prompt of an answer, and what it costs; it is to be counted with the answer."""
    usage, cost = Usage(), None
    while request.call.embedded:
        model_id, tokens = request.call.embedded.pop()
        more = Usage(input_tokens=tokens)
        price = services.settings.price_of_embedding(model_id)
        nano_usd = price.nano_usd(more) if price else None
        request.record.took(more, nano_usd)
        usage, cost = usage + more, _sum(cost, nano_usd)
    return usage, cost


@contextmanager
def metered(request: Request, services: Services, model: Embedding | None) -> Iterator[Callable[[int], None]]:
    """Give what is to be told the tokens of each text that is embedded; they are counted whatever comes of it.

    Args:
        request: whose texts they are.
        services: with the meter.
        model: what embeds them; None where nothing does.

    Raises:
        Problem: 429, as `allow` does.
    """
    if model is not None:
        allow(request, services, model.price)
    tokens: list[int] = []
    try:
        yield tokens.append
    finally:
        # Texts before one that is refused are paid for as well.
        if model is not None and any(tokens):
            usage = Usage(input_tokens=sum(tokens))
            nano_usd = model.price.nano_usd(usage) if model.price else None
            request.record.model = model.name
            request.record.took(usage, nano_usd)
            account(request, services, usage, nano_usd)


def cap_reached(lifts_at: datetime, *, own: bool, answering: Sequence[str]) -> Problem:
    """Build the problem of a caller, or of all, who have used what they may today; never of how much that is.

    Args:
        lifts_at: when more may be used.
        own: whether it is the caller's own cap, or that of all callers together.
        answering: the models that it does not bind.
    """
    seconds = max(1, math.ceil((lifts_at - datetime.now(UTC)).total_seconds()))
    whose = ("you", "caller_usd_per_day") if own else ("all callers together", "usd_per_day")
    detail = f"What {whose[0]} may use in a day is used (gateway.budget.{whose[1]})."
    detail += f" More is answered from {lifts_at.isoformat(timespec='seconds')}."
    if answering:
        detail += f" Without a price, and so beyond the cap too, answer {', '.join(answering)}."
    return retry_later(HTTPStatus.TOO_MANY_REQUESTS, detail, seconds)


def _sum(one: int | None, other: int | None) -> int | None:
    """Add costs, of which some are not known."""
    return other if one is None else one + (other or 0)
