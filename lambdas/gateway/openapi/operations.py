"""Each route in the words of OpenAPI: what it is for, what it takes, what it answers, and which statuses it has."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from lambdas.gateway.bodies import chat, embeddings, retrieval, tasks
from lambdas.gateway.openapi.schemas import (
    Schema,
    feedback_body,
    history_body,
    listing,
    record,
    reference,
)
from lambdas.gateway.settings import Limits

# Any route may find what the caller, or the gateway itself, has to be told of.
COMMON = (400, 401, 403, 404, 405, 413, 429, 500, 503)
OF_BODIES = (415,)
OF_MODELS = (501, 502, 504)
OF_PARTS = (501, 502, 504)


class Operation(NamedTuple):
    """What is to be said of a route.

    Attributes:
        answer: schema of what it answers; None is no body.
        body: gives the schema of what it takes.
        streams: whether it may answer with events.
        status: of what it answers; `also` has the others that are no problems.
        statuses: of problems, beside the common ones.
    """

    summary: str
    answer: Schema | None
    body: Callable[[Limits], Schema] | None = None
    streams: bool = False
    status: HTTPStatus = HTTPStatus.OK
    also: tuple[HTTPStatus, ...] = ()
    statuses: tuple[int, ...] = ()


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/healthz"): Operation("Whether the service answers.", record({"status": {"const": "ok"}})),
    ("GET", "/openapi.json"): Operation("This document.", {"type": "object"}),
    ("GET", "/v1/models"): Operation("The models that can be asked.", reference("Models")),
    ("GET", "/v1/models/{model}"): Operation("One of them, by its name.", reference("Model")),
    ("POST", "/v1/chat/completions"): Operation(
        "Go on with a conversation, in OpenAI's format.",
        reference("ChatCompletion"),
        chat.CHAT.schema,
        streams=True,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/summarize"): Operation(
        "Do the task that the approved model was chosen or tuned for; a long text is summarized in parts.",
        reference("Answer"),
        tasks.SUMMARIZE.schema,
        streams=True,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/generate"): Operation(
        "Answer a prompt or a conversation.",
        reference("Answer"),
        tasks.GENERATE.schema,
        streams=True,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/classify"): Operation(
        "Give the label of a text.",
        reference("Classification"),
        tasks.CLASSIFY.schema,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/embeddings"): Operation(
        "Give the vectors of texts, in OpenAI's format.",
        reference("Embeddings"),
        embeddings.EMBEDDINGS.schema,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/search"): Operation(
        "Look passages up in the caller's documents, and answer out of them.",
        reference("SearchResult"),
        retrieval.SEARCH.schema,
        streams=True,
        statuses=(*OF_BODIES, *OF_MODELS),
    ),
    ("POST", "/v1/documents"): Operation(
        "Read a document in; 200 says that it was there already. `progress` events tell how many passages are read.",
        reference("AddedDocument"),
        retrieval.DOCUMENT.schema,
        streams=True,
        status=HTTPStatus.CREATED,
        also=(HTTPStatus.OK,),
        statuses=(409, 422, *OF_BODIES, *OF_PARTS),
    ),
    ("GET", "/v1/documents"): Operation(
        "List the caller's documents.", record({"documents": listing(reference("Document"))}), statuses=OF_PARTS
    ),
    ("DELETE", "/v1/documents/{id}"): Operation(
        "Remove a document.", None, status=HTTPStatus.NO_CONTENT, statuses=(409, *OF_PARTS)
    ),
    ("POST", "/v1/feedback"): Operation(
        "Say what an answer was worth.",
        record({"id": {"type": "string"}, "learned_from": {"type": "boolean"}}),
        feedback_body,
        status=HTTPStatus.CREATED,
        statuses=(*OF_BODIES, *OF_PARTS),
    ),
    ("GET", "/v1/feedback"): Operation(
        "List the caller's feedback.", record({"feedback": listing(reference("Feedback"))}), statuses=OF_PARTS
    ),
    ("DELETE", "/v1/feedback/{id}"): Operation(
        "Delete feedback, and what was to be learnt from it.", None, status=HTTPStatus.NO_CONTENT, statuses=OF_PARTS
    ),
    ("GET", "/v1/history"): Operation(
        "List the caller's conversations.",
        record({"conversations": listing(reference("Conversation"))}),
        statuses=OF_PARTS,
    ),
    ("GET", "/v1/history/{id}"): Operation("Give a conversation.", {"type": "object"}, statuses=OF_PARTS),
    ("PUT", "/v1/history/{id}"): Operation(
        "Keep a conversation.",
        reference("Conversation"),
        history_body,
        statuses=(409, 412, *OF_BODIES, *OF_PARTS),
    ),
    ("DELETE", "/v1/history/{id}"): Operation(
        "Delete a conversation.", None, status=HTTPStatus.NO_CONTENT, statuses=OF_PARTS
    ),
    ("GET", "/v1/usage"): Operation("What the caller has used today.", reference("Usage"), statuses=OF_PARTS),
    ("GET", "/v1/workflow"): Operation("How the workflow stands.", reference("Workflow"), statuses=OF_PARTS),
}
