"""InvokeModel and InvokeModelWithResponseStream, in the bodies of the models' own families (`bodies`)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

from twin.bedrock import eventstream
from twin.bedrock.bodies import TextBody, embedding, text_body
from twin.bedrock.converse import milliseconds_since
from twin.bedrock.generation import BrokenOffError, Generation, generate, generating
from twin.bedrock.named import Named
from twin.emulator.hooks import Json, Response, ServiceError, Stream

_JSON = "application/json"


def invoke_model(named: Named, body: bytes) -> Response:
    """Answer an InvokeModel request. Raises ServiceError: ValidationException for a malformed body."""
    began = time.monotonic()
    if named.family == "embedding":
        answer, read = embedding.embed(named.model, body)
        written = 0
    else:
        form = text_body(named)
        made = generate(named.model, *form.asked(named.model, body))
        answer, read, written = form.answer(made), made.input_tokens, made.output_tokens
    headers = {
        "Content-Type": _JSON,
        "X-Amzn-Bedrock-Input-Token-Count": str(read),
        "X-Amzn-Bedrock-Output-Token-Count": str(written),
        "X-Amzn-Bedrock-Invocation-Latency": str(milliseconds_since(began)),
    }
    return Response(json.dumps(answer).encode(), 200, headers)


def invoke_model_with_response_stream(named: Named, body: bytes) -> Stream:
    """The same in chunks, each sent as its token comes. Raises ServiceError as `invoke_model` does."""
    began = time.monotonic()
    if named.family == "embedding":
        raise ServiceError("ValidationException", "The model is unsupported for streaming.")
    form = text_body(named)
    generation = generating(named.model, *form.asked(named.model, body))
    headers = {"Content-Type": eventstream.CONTENT_TYPE, "X-Amzn-Bedrock-Content-Type": _JSON}
    return Stream(_frames(form, generation, began), generation.cancel, headers)


def _frames(form: TextBody, generation: Generation, began: float) -> Iterator[bytes]:
    first_byte = milliseconds_since(began)
    try:
        for chunk in form.chunks(generation):
            yield _chunk(chunk)
    except BrokenOffError as error:
        yield eventstream.broken_off(str(error))
        return
    made = generation.made
    metrics = {
        "inputTokenCount": made.input_tokens,
        "outputTokenCount": made.output_tokens,
        "invocationLatency": milliseconds_since(began),
        "firstByteLatency": first_byte,
    }
    yield _chunk({**form.last_chunk(made), "amazon-bedrock-invocationMetrics": metrics})


def _chunk(body: Json) -> bytes:
    return eventstream.event("chunk", {"bytes": base64.b64encode(json.dumps(body).encode()).decode()})
