"""JSON schemas of what is answered, and of the bodies that the kept things check themselves."""

from __future__ import annotations

from typing import Any

from lambdas.gateway.kept import about, body, feedback, history
from lambdas.gateway.settings import Limits

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
DOLLARS: Schema = {"type": ["number", "null"], "minimum": 0, "description": "US dollars; null where not paid by token."}
MILLISECONDS: Schema = {"type": ["number", "null"], "minimum": 0}
OPEN: Schema = {"type": "object"}
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


def reference(name: str) -> Schema:
    """Give a reference to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Give the schema of an object."""
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def listing(items: Schema) -> Schema:
    """Give the schema of a list."""
    return {"type": "array", "items": items}


def answered(*, of: dict[str, Schema]) -> Schema:
    """Give the schema of a task's answer."""
    return record(
        {
            "id": TEXT,
            "model": TEXT,
            "run_id": {"type": ["string", "null"]},
            **of,
            "finish_reason": {"enum": ["stop", "length", "filtered"]},
            "usage": record(dict.fromkeys(TOKENS, COUNT)),
            "latency_ms": MILLISECONDS,
            "fourfold": reference("Metadata"),
        }
    )


def shared() -> dict[str, Schema]:
    """Give the schemas that do not depend on the settings, by name."""
    field = record({"pointer": TEXT, "detail": TEXT})
    problem = {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT, "instance": TEXT}
    error = record({"message": TEXT, "type": TEXT, "code": TEXT, "param": {"type": ["string", "null"]}})
    number = {"type": "number"}
    passage = record(
        {"document_id": TEXT, "name": TEXT, "passage": COUNT, "text": TEXT, "score": number, "evidence": number}
    )
    document = {"id": TEXT, "name": TEXT, "media_type": TEXT, "passages": COUNT, "characters": COUNT, "created": TEXT}
    already = {**FLAG, "description": "Whether it was there before; then under the name that it had first."}
    task = record({"task": record({"instruction": TEXT})})
    return {
        "Problem": record(problem, {"retry_after": COUNT, "errors": listing(field), "error": error}),
        "Passage": passage,
        "Document": record(document),
        "AddedDocument": record({**document, "already": already}),
        "Metadata": _metadata(),
        "Model": _model(),
        "Models": record({"object": {"const": "list"}, "data": listing(reference("Model")), "fourfold": task}),
        "ChatCompletion": _completion(),
        "Answer": answered(of={"output": TEXT}),
        "Classification": answered(of={"label": {"type": ["string", "null"]}, "output": TEXT}),
        "Embeddings": _embeddings(),
        "SearchResult": record(
            {"passages": listing(reference("Passage"))},
            {"answer": answered(of={"output": TEXT, "citations": listing(COUNT), "answered": FLAG})},
        ),
        "Conversation": record({"id": TEXT, "title": TEXT, "updated": TEXT}),
        "Feedback": _feedback(),
        "Usage": _usage(),
        "Workflow": _workflow(),
    }


def history_body(limits: Limits) -> Schema:  # noqa: ARG001
    """Give the schema of a conversation that is to be kept."""
    return _closed(
        {
            "title": {**TEXT, "minLength": 1, "maxLength": history.TITLE_CHARACTERS, "pattern": r"\S"},
            "messages": _messages(history.MOST_MESSAGES, history.MOST_CHARACTERS, {about.ABOUT: _about()}),
            "updated": {
                "type": ["string", "null"],
                "maxLength": history.UPDATED_CHARACTERS,
                "pattern": r"\S",
                "description": "As it was when you read the conversation: another one than that is not replaced.",
            },
        },
        required=["title", "messages"],
    )


def feedback_body(limits: Limits) -> Schema:  # noqa: ARG001
    """Give the schema of feedback."""
    long = {**TEXT, "maxLength": feedback.MOST_CHARACTERS, "pattern": r"\S"}
    return _closed(
        {
            "request_id": {**TEXT, "pattern": feedback.REQUEST_ID},
            "model": {**TEXT, "maxLength": 256, "pattern": r"\S"},
            "messages": _messages(feedback.MOST_MESSAGES, feedback.MOST_CHARACTERS),
            "answer": long,
            "rating": {"enum": [feedback.UP, feedback.DOWN, None]},
            "comment": {"type": ["string", "null"], "maxLength": feedback.COMMENT_CHARACTERS},
            "better_answer": {**long, "type": ["string", "null"]},
            "rejected_answer": {**long, "type": ["string", "null"]},
            "parameters": {"type": ["object", "null"]},
            "consent": FLAG,
        },
        required=["request_id", "model", "messages", "answer", "consent"],
    )


def _feedback() -> Schema:
    """Give the schema of a judgement in its giver's list."""
    rating: Schema = {"enum": [feedback.UP, feedback.DOWN, None]}
    said = {"id": TEXT, "request_id": TEXT, "model": TEXT, "rating": rating, "comment": TEXT, "created": TEXT}
    texts: Schema = {"type": "object", "properties": dict.fromkeys(feedback.TEXTS, TEXT)}
    return record({**said, "learned_from": FLAG, "texts": texts})


def _about() -> Schema:
    texts: dict[str, Schema] = {
        name: {"type": ["string", "null"], "maxLength": most} for name, most in about.TEXTS.items()
    }
    number: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": about.MOST}
    known = _closed(texts | dict.fromkeys(about.NUMBERS, number), [])
    return {**known, "type": ["object", "null"], "description": "Of an answer: whose it is, how it ended, its figures."}


def _messages(most: int, characters: int, more: dict[str, Schema] | None = None) -> Schema:
    content = {**TEXT, "minLength": 1, "maxLength": characters, "pattern": r"\S"}
    role = {"enum": list(body.ROLES)}
    turn = _closed({"role": role, "content": content, **(more or {})}, ["role", "content"])
    return {"type": "array", "items": turn, "minItems": 1, "maxItems": most}


def _closed(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _metadata() -> Schema:
    attempt = record({"model": TEXT, "outcome": TEXT, "milliseconds": {"type": "number"}})
    return record(
        {
            "request_id": TEXT,
            "model": TEXT,
            "label": TEXT,
            "attempts": listing(attempt),
            "cache": {"enum": ["off", "miss", "exact", "semantic"]},
            "cost_usd": DOLLARS,
            "first_token_ms": MILLISECONDS,
            "latency_ms": MILLISECONDS,
            "sources": listing(reference("Passage")),
            "guard": {"enum": ["off", "passed", "blocked"]},
        },
        {"answered": FLAG, "citations": listing(COUNT)},
    )


def _model() -> Schema:
    return record(
        {"id": TEXT, "object": {"const": "model"}, "created": {"type": "integer"}, "owned_by": TEXT, "fourfold": OPEN}
    )


def _completion() -> Schema:
    message = record({"role": {"const": "assistant"}, "content": TEXT})
    finish = {"enum": ["stop", "length", "content_filter"]}
    choice = record({"index": {"const": 0}, "message": message, "finish_reason": finish})
    return record(
        {
            "id": TEXT,
            "object": {"const": "chat.completion"},
            "created": {"type": "integer"},
            "model": TEXT,
            "choices": listing(choice),
            "usage": record({"prompt_tokens": COUNT, "completion_tokens": COUNT, "total_tokens": COUNT}),
            "fourfold": reference("Metadata"),
        }
    )


def _embeddings() -> Schema:
    vector = {"anyOf": [listing({"type": "number"}), {"type": "string", "contentEncoding": "base64"}]}
    one = record({"object": {"const": "embedding"}, "index": COUNT, "embedding": vector})
    usage = record({"prompt_tokens": COUNT, "total_tokens": COUNT})
    return record({"object": {"const": "list"}, "data": listing(one), "model": TEXT, "usage": usage})


def _usage() -> Schema:
    counts = dict.fromkeys((*TOKENS, "requests"), COUNT)
    return record({**counts, "cost_usd": DOLLARS, "cap_usd": DOLLARS, "lifts_at": TEXT, "not_priced": listing(TEXT)})


def _workflow() -> Schema:
    stopped = {"type": ["string", "null"]}
    execution = record({"run_id": TEXT, "status": TEXT, "started": TEXT, "stopped": stopped})
    return record({"state_machine": TEXT, "executions": listing(execution), "last": {"type": ["object", "null"]}})
