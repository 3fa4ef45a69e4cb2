"""One server for each model, started by the first request for it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from twin.emulator.hooks import Json, ServiceError
from twin.events import emit
from twin.model_server import Answer, AnswerStream, ModelServer, ModelServerError, request
from twin.weights.imported import LocalModel

SOURCE = "bedrock"
TEMPLATE, TOKENIZE = "/apply-template", "/tokenize"
# What is asked beside answers, and is none.
ASIDE = (TEMPLATE, TOKENIZE)
_TIMEOUT_S = 300.0
_TOO_LONG = ("exceed_context_size_error", "too large to process")

_servers: dict[str, ModelServer] = {}
_locks: dict[str, threading.Lock] = {}
_answered: dict[str, int] = {}
_guard = threading.Lock()


def ask(model: LocalModel, path: str, body: Json) -> Any:
    """The JSON that the model's server answers with, in the errors that Bedrock answers with.

    Raises ServiceError: ValidationException for what the model cannot take, ModelTimeoutException,
    ModelErrorException, InternalServerException where the server cannot be had.
    """
    return json.loads(ask_raw(model, path, body))


def properties(model: LocalModel) -> Json:
    """What the server tells of itself and its model; empty where it is another one than llama.cpp's and tells nothing.

    Raises ServiceError as `ask` does.
    """
    with _in_bedrocks_words():
        answer = _answer(model, "/props", None)
    return dict(answer.json()) if answer.status < 400 else {}


def ask_raw(model: LocalModel, path: str, body: Json) -> bytes:
    """As `ask`, the body as it comes."""
    with _in_bedrocks_words():
        answer = _answer(model, path, json.dumps(body).encode())
    if answer.status >= 400:
        raise _refusal(answer)
    if path not in ASIDE and model.kind == "text":
        count(model)
    return answer.body


def ask_stream(model: LocalModel, path: str, body: Json) -> AnswerStream:
    """The events that the server answers with, from the first one on; raises as `ask` does.

    Whoever has come to their end says so by `count`.
    """
    with _in_bedrocks_words():
        stream = AnswerStream(model.url or _server(model).url, path, json.dumps(body).encode(), _TIMEOUT_S)
    if stream.refusal is not None:
        raise _refusal(stream.refusal)
    return stream


@contextmanager
def _in_bedrocks_words() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        message = "Model has timed out in processing the request. Try your request again."
        raise ServiceError("ModelTimeoutException", message, 408) from error
    except ModelServerError as error:
        raise ServiceError("InternalServerException", str(error), 500) from error


def _refusal(answer: Answer) -> ServiceError:
    text = answer.body.decode(errors="replace")
    if any(words in text for words in _TOO_LONG):
        return ServiceError("ValidationException", "Input is too long for requested model.")
    if answer.status < 500:
        return ServiceError("ValidationException", f"Malformed input request: {text}")
    return ServiceError("ModelErrorException", f"The model's server answered {answer.status}: {text}", 424)


def _answer(model: LocalModel, path: str, body: bytes | None) -> Answer:
    method: Literal["GET", "POST"] = "GET" if body is None else "POST"
    if model.url:
        return request(model.url, method, path, body, timeout=_TIMEOUT_S)
    return _server(model).request(method, path, body, timeout=_TIMEOUT_S)


def count(model: LocalModel) -> None:
    """Whoever waits for an evaluation sees the answers come."""
    with _guard:
        _answered[model.id] = _answered.get(model.id, 0) + 1
        emit("progress", SOURCE, model.id, phase=f"ask {model.id}", answered=_answered[model.id])


def start(model: LocalModel) -> None:
    """Have the model's server up. Raises ModelServerError where it cannot be had."""
    _server(model)


def stop(model_id: str) -> None:
    """End the server of a model, if it has one."""
    server = _servers.pop(model_id, None)
    if server is not None:
        server.stop()
        emit("finished", SOURCE, model_id, status="Stopped")


def _server(model: LocalModel) -> ModelServer:
    """The model's server, running. Raises ModelServerError."""
    with _guard:
        lock = _locks.setdefault(model.id, threading.Lock())
    with lock:
        server = _servers.get(model.id)
        if server is None or not server.running:
            server = _start(model)
        return server


def _start(model: LocalModel) -> ModelServer:
    folder = Path(os.environ["FOURFOLD_WORK_DIR"])
    emit("started", SOURCE, model.id)
    server = ModelServer(model.server_flags(folder / "cache"), folder / "bedrock" / f"{model.id}.log")
    # Known before it is up, so that an emulator that ends meanwhile ends it too.
    _servers[model.id] = server
    server.start()
    return server


def stop_all() -> None:
    """Stop every server: the emulator ends."""
    while _servers:
        model_id, server = _servers.popitem()
        server.stop()
        emit("finished", SOURCE, model_id, status="Stopped")
