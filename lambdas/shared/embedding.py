"""Texts as vectors, by a model on Bedrock: InvokeModel in the bodies of Titan Text Embeddings and of Cohere Embed.

Vectors have the length 1, so that their product is the cosine. They are kept in half precision, and compared as they
are kept: what was measured is what serves.
"""

from __future__ import annotations

import base64
import json
import math
import operator
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.shared import aws
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.fields import Fields

Vector = tuple[float, ...]
REMEDY = "Check that selection.embeddings names an embedding model of Amazon Titan or Cohere."
# A text is known by its beginning: so much of it every model here takes, as long as it is in words of Latin letters.
MOST_CHARACTERS = 2000
FEWEST_CHARACTERS = 60
TOO_LONG = re.compile(r"too long|too many|too large|maximum|exceed", re.IGNORECASE)
TOKEN_COUNT = "x-amzn-bedrock-input-token-count"  # noqa: S105 - a header's name
# What Cohere's models are told that a text is for; Titan's are told nothing.
DOCUMENT, QUERY, COMPARISON = "search_document", "search_query", "clustering"


@dataclass(frozen=True)
class Embedding:
    """The vector of a text, and what it took."""

    vector: Vector
    tokens: int
    seconds: float = 0.0


def embed(client: Any, model_id: str, text: str, purpose: str, *, whole: bool = False) -> Embedding:
    """Embed a text, or its beginning where it is longer than the model takes.

    Args:
        client: a ``bedrock-runtime`` client.
        model_id: an embedding model, an inference profile or an import.
        text: at least one character that is not blank.
        purpose: `DOCUMENT`, `QUERY` or `COMPARISON`.
        whole: whether a text that is too long is the caller's affair, and its beginning will not do.

    Raises:
        botocore.exceptions.ClientError: the service refused the request.
        ServiceCallFailed: the answer is no vector.
    """
    beginning = text if whole else text.strip()[:MOST_CHARACTERS] or "-"
    while True:
        try:
            response = client.invoke_model(modelId=model_id, body=json.dumps(_body(model_id, beginning, purpose)))
            return _embedding(response)
        except aws.ClientError as failure:
            refused = aws.error_code(failure) == "ValidationException" and TOO_LONG.search(aws.error_message(failure))
            if whole or not refused or len(beginning) < 2 * FEWEST_CHARACTERS:
                raise
        beginning = beginning[: len(beginning) // 2]


def packed(vector: Vector) -> str:
    """Write a vector as text."""
    return base64.b64encode(struct.pack(f"<{len(vector)}e", *vector)).decode()


def unpacked(text: str) -> Vector:
    """Read what `packed` wrote.

    Raises:
        ValueError: it did not.
    """
    content = base64.b64decode(text, validate=True)
    if not content or len(content) % 2:
        raise ValueError("a vector is an even number of bytes")
    return tuple(struct.unpack(f"<{len(content) // 2}e", content))


def as_kept(vector: Vector) -> Vector:
    """Give a vector as it is read back."""
    return unpacked(packed(vector))


def cosine(one: Vector, other: Vector) -> float:
    """Give the cosine of two vectors of length 1.

    >>> cosine((1.0, 0.0), (0.6, 0.8))
    0.6
    """
    if len(one) != len(other):
        raise ValueError(f"vectors of {len(one)} and {len(other)} numbers do not compare")
    return math.fsum(map(operator.mul, one, other))


def _body(model_id: str, text: str, purpose: str) -> dict[str, object]:
    if "cohere." in model_id:
        return {"texts": [text], "input_type": purpose, "embedding_types": ["float"]}
    return {"inputText": text}


def _embedding(response: Any) -> Embedding:
    try:
        value = json.loads(response["body"].read())
    except (ValueError, RecursionError):
        raise ServiceCallFailed("The embedding model's answer is not JSON", remedy=REMEDY) from None
    fields = Fields(value, "the embedding model's answer", ServiceCallFailed, REMEDY)
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    tokens = fields.integer("inputTextTokenCount", default=-1)
    if tokens < 0:
        tokens = Fields(headers, "the headers of InvokeModel's answer", ServiceCallFailed, REMEDY).digits(TOKEN_COUNT)
    return Embedding(_unit(_numbers(fields)), tokens)


def _numbers(fields: Fields) -> Sequence[object]:
    """Give the vector: Titan's stands alone, Cohere's in a list, under the name of its type."""
    value = fields.raw("embedding" if "embedding" in fields else "embeddings")
    if isinstance(value, dict):
        value = value.get("float")
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    if not isinstance(value, list) or not value:
        raise fields.complaint("It holds no vector")
    return value


def _unit(values: Sequence[object]) -> Vector:
    numbers = [float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    length = math.hypot(*numbers)
    if len(numbers) != len(values) or not math.isfinite(length) or not length:
        raise ServiceCallFailed("The embedding model's vector is not of finite numbers", remedy=REMEDY)
    return as_kept(tuple(number / length for number in numbers))
