"""``POST /v1/summarize`` and ``POST /v1/generate``: the task that the model was chosen or tuned for, and any other."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from lambdas.gateway.answering import Answering
from lambdas.gateway.bodies import tasks
from lambdas.gateway.bodies.checking import Check
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.exchange import APPROVED
from lambdas.gateway.problems import FieldError, Problem
from lambdas.gateway.reply import Reply, Stream, event
from lambdas.gateway.request import Request
from lambdas.gateway.routes.chat import picks_sentences
from lambdas.gateway.services import Services
from lambdas.shared.turns import Turn, task_prompt


def summarize(request: Request, services: Services) -> Reply | Stream:
    """Do the task that the model was chosen or tuned for."""
    settings = services.settings
    check = Check(settings.limits)
    values = tasks.SUMMARIZE.read(request.json(), check)
    check.finish()
    answering = Answering(request, services, values.get("model") or APPROVED)
    live = bool(values.get("stream"))
    if answering.asked.upstream is None:
        texts = iter([_extracted(values["text"])])
    else:
        turns = (Turn("user", task_prompt(settings.instruction, values["text"])),)
        parameters = parameters_of(values, settings.limits)
        texts = answering.texts(turns, parameters, live=live, examples=True)
    return answered(request, answering, texts, live=live)


def generate(request: Request, services: Services) -> Reply | Stream:
    """Send the caller's own prompt or conversation as it is."""
    limits = services.settings.limits
    check = Check(limits)
    body = request.json()
    values = tasks.GENERATE.read(body, check)
    turns = tasks.turns_of(body, values, check)
    check.finish()
    answering = Answering(request, services, values.get("model") or APPROVED)
    if answering.asked.upstream is None:
        raise picks_sentences()
    live = bool(values.get("stream"))
    texts = answering.texts(turns, parameters_of(values, limits), live=live, examples=False)
    return answered(request, answering, texts, live=live)


def answered(request: Request, answering: Answering, texts: Iterator[str], *, live: bool) -> Reply | Stream:
    """Give an answer whole, or as events."""
    if live:
        return Stream(_events(request, answering, texts), lambda problem: _failed(request, problem))
    return Reply(_document(request, answering, "".join(texts).strip()))


def _events(request: Request, answering: Answering, texts: Iterator[str]) -> Iterator[bytes]:
    told = []
    for text in texts:
        told.append(text)
        yield event("delta", {"text": text})
    yield event("done", _document(request, answering, "".join(told).strip()))


def _failed(request: Request, problem: Problem) -> bytes:
    return event("error", problem.document(f"urn:request:{request.request_id}"))


def _document(request: Request, answering: Answering, output: str) -> dict[str, object]:
    usage = answering.usage
    return {
        "id": request.request_id,
        "model": answering.answering.label,
        "run_id": answering.answering.run_id,
        "output": output,
        "finish_reason": answering.finish,
        "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "latency_ms": request.milliseconds,
        "fourfold": answering.metadata(),
    }


def _extracted(text: str) -> str:
    from lambdas.shared.extractive import best_sentence  # of use to this target alone

    sentence = best_sentence(text)
    if not sentence:
        wrong = "'text' holds no word, and so no sentence to pick"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/text", wrong)])
    return sentence
