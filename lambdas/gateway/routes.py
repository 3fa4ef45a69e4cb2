"""The routes: which there are, and what each answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from lambdas.gateway.approved import Approved, approved_target
from lambdas.gateway.model import ask
from lambdas.gateway.problems import FieldError, Problem, retry_later
from lambdas.gateway.request import Request, json_object
from lambdas.gateway.validation import Limits, generate_request, summarize_request
from lambdas.shared import environment
from lambdas.shared.converse import Answer
from lambdas.shared.extractive import best_sentence
from lambdas.shared.prompts import Turn, task_prompt
from lambdas.shared.targets import ExtractiveTarget, target_document


@dataclass(frozen=True)
class Reply:
    """What a route answers.

    Attributes:
        body: the JSON body.
        model: label of the model that answered, for the log.
        answer: what the model wrote and took, for the metrics.
    """

    body: dict[str, object]
    model: str | None = None
    answer: Answer | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Route:
    """One path with the one method it takes."""

    name: str
    method: str
    answer: Callable[[Request], Reply]


def answer(request: Request, route: Route | None) -> Reply:
    """Answer a request.

    Raises:
        Problem: 404 without a route, 405 for another method, or whatever the route finds.
    """
    if route is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no such path. Known are {', '.join(ROUTES)}.")
    if request.method != route.method:
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"Use {route.method} here.", headers={"Allow": route.method})
    return route.answer(request)


def find(request: Request) -> Route | None:
    """Give the route of a request's path, whatever its method."""
    return ROUTES.get(request.path)


def summarize(request: Request) -> Reply:
    """Do the task that the model was chosen or tuned for."""
    limits = _limits()
    asked = summarize_request(json_object(request, limits.max_input_characters), limits)
    approved = _approved()
    if isinstance(approved.target, ExtractiveTarget):
        return _reply(request, approved, _extracted(asked.text))
    prompt = task_prompt(environment.required("TASK_INSTRUCTION"), asked.text)
    turns = approved.examples.asked([Turn("user", prompt)])
    return _reply(request, approved, ask(approved.target, turns, asked.sampling))


def generate(request: Request) -> Reply:
    """Send the caller's own prompt or conversation as it is."""
    limits = _limits()
    asked = generate_request(json_object(request, limits.max_input_characters), limits)
    approved = _approved()
    if isinstance(approved.target, ExtractiveTarget):
        raise Problem(
            HTTPStatus.NOT_IMPLEMENTED,
            "The approved target picks sentences and does not generate. Use /v1/summarize.",
        )
    return _reply(request, approved, ask(approved.target, asked.turns, asked.sampling))


def models(request: Request) -> Reply:  # noqa: ARG001
    """List what is approved: one model or none."""
    approved = approved_target()
    if approved is None:
        return Reply({"data": []})
    document = target_document(approved.target)
    shown = {name: document[name] for name in ("kind", "strategy", "run_id") if name in document}
    return Reply({"data": [{"id": approved.target.label, **shown}]})


ROUTES = {
    "/v1/summarize": Route("summarize", "POST", summarize),
    "/v1/generate": Route("generate", "POST", generate),
    "/v1/models": Route("models", "GET", models),
}


def _limits() -> Limits:
    return Limits(
        environment.integer("MAX_INPUT_CHARACTERS", minimum=1, maximum=1_000_000),
        environment.integer("MAX_OUTPUT_TOKENS", minimum=1, maximum=100_000),
    )


def _approved() -> Approved:
    approved = approved_target()
    if approved is None:
        raise retry_later(
            HTTPStatus.SERVICE_UNAVAILABLE, "No model is approved yet. Run the workflow, and approve one.", 60
        )
    return approved


def _extracted(text: str) -> Answer:
    sentence = best_sentence(text)
    if not sentence:
        wrong = "'text' holds no word, and so no sentence to pick"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/text", wrong)])
    return Answer(sentence, 0, 0, 0.0)


def _reply(request: Request, approved: Approved, answer: Answer) -> Reply:
    body: dict[str, object] = {
        "id": request.request_id,
        "model": approved.target.label,
        "run_id": approved.target.run_id,
        "output": answer.text,
        "finish_reason": answer.finish,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
        "latency_ms": round(answer.seconds * 1000, 1),
    }
    return Reply(body, approved.target.label, answer)
