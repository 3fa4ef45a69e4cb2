"""``GET /v1/models`` and ``/v1/models/{model}``: what may be asked, in OpenAI's format, and what else is known."""

from __future__ import annotations

from http import HTTPStatus

from lambdas.gateway.bodies import sampling
from lambdas.gateway.bodies.embeddings import MOST_TEXTS
from lambdas.gateway.exchange import APPROVED
from lambdas.gateway.models.catalogue import Served, all_served
from lambdas.gateway.problems import FieldError, Problem
from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services
from lambdas.gateway.settings import Embedding, Limits, Price
from lambdas.shared.embedding import MOST_CHARACTERS

OWNER = "fourfold"
EMBEDDING = "embedding"
READY, ASLEEP, NOT_APPROVED, UNKNOWN = "ready", "asleep", "not_approved", "unknown"


def models(request: Request, services: Services) -> Reply:  # noqa: ARG001
    """List the approved model, also where none is yet, those of the settings, and the one that embeds; and the task."""
    task = {"instruction": services.settings.instruction}
    return Reply({"object": "list", "data": _listed(services), "fourfold": {"task": task}})


def model(request: Request, services: Services) -> Reply:
    """Give one of them by its name."""
    name, listed = request.parameters["model"], _listed(services)
    for entry in listed:
        if entry["id"] == name:
            return Reply(entry)
    wrong = f"there is no model {name!r}; known are {', '.join(str(entry['id']) for entry in listed)}"
    raise Problem(HTTPStatus.NOT_FOUND, f"{wrong[0].upper()}{wrong[1:]}.", errors=[FieldError("#/model", wrong)])


def _listed(services: Services) -> list[dict[str, object]]:
    settings = services.settings
    found = list(all_served(settings))
    entries = [_model(served, settings.limits, _state(served, services)) for served in found]
    if all(served.name != APPROVED for served in found):
        entries.insert(0, _nothing_approved(settings.limits))
    if settings.embedding is not None:
        entries.append(_embedder(settings.embedding))
    return entries


def _state(served: Served, services: Services) -> str:
    """Say what the model's service says of it now, and what only a request finds out: that it sleeps."""
    if served.upstream is None:
        return READY
    last, stands = services.breakers.state(served.label), served.upstream.standing()
    if stands is None or (stands == READY and last == ASLEEP):
        return last
    return stands


def _embedder(model: Embedding) -> dict[str, object]:
    """List the model of `/v1/embeddings`, which writes nothing."""
    own: dict[str, object] = {
        "kind": EMBEDDING,
        "label": model.name,
        "context_tokens": model.context_tokens,
        "parameters": {"input": {"max_texts": MOST_TEXTS, "max_characters": MOST_CHARACTERS}},
        "streaming": False,
        "price": _price(model.price),
        "state": UNKNOWN,
        "dimensions": model.dimensions,
    }
    return _entry(model.name, own)


def _price(price: Price | None) -> dict[str, object] | None:
    return None if price is None else price._asdict()


def _model(served: Served, limits: Limits, state: str) -> dict[str, object]:
    own: dict[str, object] = {
        "kind": served.kind,
        "label": served.label,
        "context_tokens": served.context_tokens,
        "parameters": _parameters(served, limits),
        "streaming": served.upstream is not None and served.upstream.streaming,
        "price": _price(served.price),
        "state": state,
    }
    if served.run_id is not None:
        own["run_id"] = served.run_id
    return _entry(served.name, own)


def _nothing_approved(limits: Limits) -> dict[str, object]:
    """Stand in for the model that is to come: requests may name it, and are told to come back."""
    own: dict[str, object] = dict.fromkeys(("kind", "label", "context_tokens", "price"))
    own["parameters"] = {"temperature": None, "top_p": None, **_longest(limits), "seed": False}
    return _entry(APPROVED, {**own, "streaming": False, "state": NOT_APPROVED})


def _entry(name: str, own: dict[str, object]) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": OWNER, "fourfold": own}


def _parameters(served: Served, limits: Limits) -> dict[str, object]:
    temperature = {"minimum": sampling.LEAST_TEMPERATURE, "maximum": sampling.MOST_TEMPERATURE}
    top_p = {"minimum": 0.0, "maximum": 1.0}
    return {
        "temperature": temperature if served.sampling else None,
        "top_p": top_p if served.sampling else None,
        **_longest(limits),
        "seed": served.seed,
    }


def _longest(limits: Limits) -> dict[str, object]:
    """Give the bounds of an answer: a chat's, and that of an answer to the task."""
    return {"max_tokens": {"maximum": limits.max_chat_tokens}, "max_task_tokens": {"maximum": limits.max_output_tokens}}
