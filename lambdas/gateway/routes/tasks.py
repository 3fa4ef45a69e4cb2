"""``POST /v1/summarize``, ``/v1/classify`` and ``/v1/generate``: the model's own task, and any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

from lambdas.gateway.answering import Told
from lambdas.gateway.bodies import tasks
from lambdas.gateway.bodies.checking import Check
from lambdas.gateway.bodies.sampling import parameters_of
from lambdas.gateway.parts import summarized
from lambdas.gateway.problems import FieldError, Problem
from lambdas.gateway.reply import Reply, Stream
from lambdas.gateway.request import Request
from lambdas.gateway.routes.answers import answering, document_of, given, picks_sentences, read, whole
from lambdas.gateway.services import Services
from lambdas.shared.turns import Turn, task_prompt

CLASSIFY = "Classify the text. Answer with one of these labels and with nothing else: {labels}."


def summarize(request: Request, services: Services) -> Reply | Stream:
    """Do the task that the model was chosen or tuned for."""
    settings = services.settings
    values = read(tasks.SUMMARIZE, request, services)
    made = answering(request, services, values)
    live, text = bool(values.get("stream")), values["text"]
    parameters = parameters_of(values, settings.limits.max_output_tokens)
    instruction = settings.instruction
    turns = (Turn("user", task_prompt(instruction, text)),)

    def write() -> Iterator[Told]:
        if made.asked.upstream is None:
            return iter([_extracted(text)])
        return summarized(made, instruction, text, parameters, live=live)

    told = made.answer(turns, parameters, live=live, write=write, instruction=instruction)
    return given(request, told, lambda output: document_of(request, made, output=output), live=live)


def classify(request: Request, services: Services) -> Reply:
    """Give the label of a text: one of the task's own, or one of those that the request names.

    By its own labels the task is asked as the approved model was tuned and measured, whoever names them.
    """
    from lambdas.gateway import labels as known_labels  # of use to this route alone

    settings = services.settings
    values = read(tasks.CLASSIFY, request, services)
    made = answering(request, services, values)
    if made.asked.upstream is None:
        raise picks_sentences(settings)
    named = values.get("labels")
    if named:
        _check_labels(named)
    labels = named or known_labels.needed(settings)
    own = not named or known_labels.are_own(named, settings)
    instruction = settings.instruction if own else CLASSIFY.format(labels=", ".join(labels))
    turns = (Turn("user", task_prompt(instruction, values["text"])),)
    parameters = replace(parameters_of(values, settings.limits.max_output_tokens), likeliest=True)

    def write() -> Iterator[Told]:
        return made.texts(turns, parameters, live=False, examples=own)

    output = whole(made.answer(turns, parameters, live=False, write=write, instruction=instruction))
    return Reply(document_of(request, made, label=known_labels.given_by(output, labels), output=output))


def generate(request: Request, services: Services) -> Reply | Stream:
    """Send the caller's own prompt or conversation as it is."""
    limits = services.settings.limits
    check = Check(limits)
    body = request.json()
    values = tasks.GENERATE.read(body, check)
    turns = tasks.turns_of(body, values, check)
    check.finish()
    made = answering(request, services, values)
    if made.asked.upstream is None:
        raise picks_sentences(services.settings)
    live = bool(values.get("stream"))
    told = made.answer(turns, parameters_of(values, limits.max_output_tokens), live=live)
    return given(request, told, lambda output: document_of(request, made, output=output), live=live)


def _check_labels(labels: tuple[str, ...]) -> None:
    """Refuse labels that no answer could be told by, before a model is asked."""
    from lambdas.shared.labels import LONGEST_LABEL, OF_SENTENCES, plain

    compared = [plain(label, OF_SENTENCES) for label in labels]
    empty = "is nothing but punctuation: give a label that has a word"
    # Small letters may be more: of a sharp s, two.
    long = f"is longer than {LONGEST_LABEL} characters in small letters, as labels are compared"
    wrong = [
        FieldError(f"#/labels/{place}", f"'labels/{place}' {long if label else empty}")
        for place, label in enumerate(compared)
        if not 1 <= len(label) <= LONGEST_LABEL
    ]
    if wrong:
        raise Problem(HTTPStatus.BAD_REQUEST, " ".join(f"{error.detail}." for error in wrong[:5]), errors=wrong)


def _extracted(text: str) -> str:
    from lambdas.shared.extractive import best_sentence  # of use to this target alone

    sentence = best_sentence(text)
    if not sentence:
        wrong = "'text' holds no word, and so no sentence to pick"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/text", wrong)])
    return sentence
