"""The bodies of InvokeModel, by the families whose ids the twin has: Llama, Nova, and embeddings.

A body says what a request asks for; how it is answered, at once or token by token, is `invoke_model`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twin.bedrock.bodies.llama import LLAMA
from twin.bedrock.bodies.nova import NOVA
from twin.bedrock.generation import Generated, Generation, Sampling
from twin.bedrock.named import Named
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel


class TextBody(Protocol):
    """How a family of text models is asked, and answers."""

    def asked(self, model: LocalModel, body: bytes) -> tuple[str, Sampling]:
        """The prompt and how to continue it. Raises ServiceError: ValidationException for a malformed body."""

    def answer(self, made: Generated) -> Json:
        """The answer's body."""

    def chunks(self, generation: Generation) -> Iterator[Json]:
        """The chunks of a stream but for the last one, each as its token comes. Raises BrokenOffError."""

    def last_chunk(self, made: Generated) -> Json:
        """The last chunk, which Bedrock gives the figures of the whole."""


def text_body(named: Named) -> TextBody:
    """That of a text model."""
    return NOVA if named.family == "nova" else LLAMA
