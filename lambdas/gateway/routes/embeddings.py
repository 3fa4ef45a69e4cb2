"""``POST /v1/embeddings`` in OpenAI's format."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from lambdas.gateway.bodies.embeddings import EMBEDDINGS
from lambdas.gateway.caps import metered
from lambdas.gateway.models import catalogue
from lambdas.gateway.models.embedding import embedded
from lambdas.gateway.models.failures import MODEL_ERRORS, lengths, problem_of
from lambdas.gateway.problems import FieldError, Problem
from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import read
from lambdas.gateway.services import Services
from lambdas.gateway.settings import Embedding
from lambdas.shared.embedding import DOCUMENT, Vector
from lambdas.shared.embedding import Embedding as Embedded


def embeddings(request: Request, services: Services) -> Reply:
    """Give the vector of each text."""
    values = read(EMBEDDINGS, request, services)
    model = services.settings.embedding
    if model is None:
        raise Problem(
            HTTPStatus.NOT_IMPLEMENTED,
            "No embedding model is deployed: 'embedding' is not set in the gateway's settings. Name one for documents "
            "in workflow.yaml, and deploy again.",
        )
    _check(values, model, services)
    vectors: list[Vector] = []
    tokens = 0
    alone = isinstance(request.json()["input"], str)
    with metered(request, services, model) as spent:
        for place, text in enumerate(values["input"]):
            request.call.check()
            found = _embedded(model, text, "input" if alone else f"input/{place}", spent)
            vectors.append(found.vector)
            tokens += found.tokens
    write = _in_base64 if values.get("encoding_format") == "base64" else list
    data = [{"object": "embedding", "index": place, "embedding": write(vector)} for place, vector in enumerate(vectors)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Reply({"object": "list", "data": data, "model": model.name, "usage": usage})


def _embedded(model: Embedding, text: str, name: str, spent: Callable[[int], None]) -> Embedded:
    took: list[int] = []
    try:
        return embedded(model.model_id, text, DOCUMENT, took, whole=True)
    except MODEL_ERRORS as failure:
        problem = problem_of(failure)
        if problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            problem = _too_long(model, text, name, lengths(failure))
        raise problem from failure
    finally:
        spent(sum(took))


def _too_long(model: Embedding, text: str, name: str, told: tuple[int, int] | None) -> Problem:
    """Say which text is too long, how long it is and what the model reads, as far as that is known."""
    if told is not None:
        wrong = f"'{name}' has {told[0]:,} tokens, and {model.name} reads {told[1]:,}"
    else:
        most = f"the {model.context_tokens:,} that {model.name}" if model.context_tokens else model.name
        wrong = f"'{name}' has {len(text):,} characters, which are more tokens than {most} reads"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{wrong}.", errors=[FieldError(f"#/{name}", wrong)])


def _check(values: dict[str, Any], model: Embedding, services: Services) -> None:
    name, dimensions = values.get("model"), values.get("dimensions")
    if name is not None and name != model.name and name in catalogue.names(services.settings):
        asked = "ask it at /v1/chat/completions"
        wrong = f"{name} answers, and embeds nothing: {asked}; the embedding model is {model.name}"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/model", wrong)])
    if name is not None and name != model.name:
        wrong = f"there is no embedding model of this name; known is {model.name}"
        raise Problem(HTTPStatus.NOT_FOUND, f"{wrong[0].upper()}{wrong[1:]}.", errors=[FieldError("#/model", wrong)])
    if dimensions is not None and dimensions != model.dimensions:
        wrong = f"'dimensions' must be {model.dimensions}, which is what {model.name} gives"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/dimensions", wrong)])


def _in_base64(vector: Vector) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
