"""InvokeModel, in the bodies of the models' own kinds.

A text model takes what Bedrock documents for imported Llama models, `{"prompt", "max_gen_len", "temperature",
"top_p"}`, and the prompt as it is: the chat template is the caller's. An embedding model takes the body of Titan Text
Embeddings V2, `{"inputText"}`, with the one size and the normalized vector that the model has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.bedrock import servers
from twin.bedrock.converse import milliseconds_since
from twin.bedrock.generation import DEFAULT_TEMPERATURE, DEFAULT_TOKENS, DEFAULT_TOP_P, Sampling, generate
from twin.emulator.hooks import Json, Response, ServiceError
from twin.weights.imported import LocalModel

_STOP_REASONS = {"eos": "stop", "limit": "length"}
_DIMENSIONS = 384


@dataclass(frozen=True)
class _Key:
    """What a body may have under a key."""

    kind: type[Any]
    required: bool = False
    least: float | None = None
    most: float | None = None
    only: Any = None


_TEXT = {
    "prompt": _Key(str, required=True),
    "max_gen_len": _Key(int, least=1, most=8192),
    "temperature": _Key(float, least=0, most=1),
    "top_p": _Key(float, least=0, most=1),
}
_EMBEDDING = {
    "inputText": _Key(str, required=True),
    "dimensions": _Key(int, only=_DIMENSIONS),
    "normalize": _Key(bool, only=True),
}
_NAMES = {str: "String", int: "Integer", float: "Number", bool: "Boolean", dict: "JSONObject", list: "JSONArray"}


def invoke_model(model: LocalModel, body: bytes) -> Response:
    """Answer an InvokeModel request. Raises ServiceError: ValidationException for a malformed body."""
    began = time.monotonic()
    if model.kind == "text":
        answer, read, written = _text(model, _parsed(body, _TEXT))
    else:
        answer, read, written = _embedding(model, _parsed(body, _EMBEDDING))
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-Bedrock-Input-Token-Count": str(read),
        "X-Amzn-Bedrock-Output-Token-Count": str(written),
        "X-Amzn-Bedrock-Invocation-Latency": str(milliseconds_since(began)),
    }
    return Response(json.dumps(answer).encode(), 200, headers)


def _text(model: LocalModel, given: Json) -> tuple[Json, int, int]:
    sampling = Sampling(
        given.get("max_gen_len", DEFAULT_TOKENS),
        given.get("temperature", DEFAULT_TEMPERATURE),
        given.get("top_p", DEFAULT_TOP_P),
    )
    made = generate(model, given["prompt"], sampling)
    answer = {
        "generation": made.text,
        "prompt_token_count": made.input_tokens,
        "generation_token_count": made.output_tokens,
        "stop_reason": _STOP_REASONS[made.ended],
    }
    return answer, made.input_tokens, made.output_tokens


def _embedding(model: LocalModel, given: Json) -> tuple[Json, int, int]:
    answer = servers.ask(model, "/v1/embeddings", {"input": given["inputText"]})
    tokens = answer["usage"]["prompt_tokens"]
    return {"embedding": answer["data"][0]["embedding"], "inputTextTokenCount": tokens}, tokens, 0


def _parsed(body: bytes, keys: Mapping[str, _Key]) -> Json:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise _malformed("#: expected a JSON object") from error
    if not isinstance(given, dict):
        raise _malformed(f"#: expected type: JSONObject, found: {_NAMES.get(type(given), 'Null')}")
    for name in given:
        if name not in keys:
            raise _malformed(f"#: extraneous key [{name}] is not permitted")
    for name, key in keys.items():
        if name in given:
            _check(name, key, given[name])
        elif key.required:
            raise _malformed(f"#: required key [{name}] not found")
    return given


def _check(name: str, key: _Key, value: Any) -> None:
    admitted = (int, float) if key.kind is float else (key.kind,)
    if not isinstance(value, admitted) or (isinstance(value, bool) and key.kind is not bool):
        raise _malformed(f"#/{name}: expected type: {_NAMES[key.kind]}, found: {_NAMES.get(type(value), 'Null')}")
    if key.least is not None and value < key.least:
        raise _malformed(f"#/{name}: {value} is not greater or equal to {key.least}")
    if key.most is not None and value > key.most:
        raise _malformed(f"#/{name}: {value} is not less or equal to {key.most}")
    if key.only is not None and value != key.only:
        raise _malformed(f"#/{name}: {json.dumps(value)} is not supported, only {json.dumps(key.only)}")


def _malformed(problem: str) -> ServiceError:
    message = f"Malformed input request: {problem}, please reformat your input and try again."
    return ServiceError("ValidationException", message)
