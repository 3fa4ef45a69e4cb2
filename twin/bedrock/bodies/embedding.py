"""The body of Titan Text Embeddings V2, with the one size and the normalized vector that the model has."""

from __future__ import annotations

from twin.bedrock import servers
from twin.bedrock.bodies.keys import Key, parsed
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel

_DIMENSIONS = 384
_KEYS = {
    "inputText": Key(str, required=True),
    "dimensions": Key(int, only=_DIMENSIONS),
    "normalize": Key(bool, only=True),
}


def embed(model: LocalModel, body: bytes) -> tuple[Json, int]:
    """The answer's body, and how many tokens were read. Raises ServiceError."""
    given = parsed(body, _KEYS)
    answer = servers.ask(model, "/v1/embeddings", {"input": given["inputText"]})
    tokens = answer["usage"]["prompt_tokens"]
    return {"embedding": answer["data"][0]["embedding"], "inputTextTokenCount": tokens}, tokens


def text_of(body: bytes) -> str:
    """The text that a body asks to embed. Raises ServiceError: ValidationException."""
    return str(parsed(body, _KEYS)["inputText"])
