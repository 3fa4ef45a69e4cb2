"""The models that are served here as imports of Bedrock, by the id that their import has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin.model_server.flags import served_model
from twin.weights.embedding import embedding_gguf
from twin.weights.packages import smollm2_gguf


@dataclass(frozen=True)
class LocalModel:
    """A model with weights on this machine.

    Attributes:
        id: the last part of its ARN, twelve letters and digits.
        kind: what it makes of a text.
        context_tokens: the most tokens of a prompt with its answer, or of a text to embed.
        weights: gives the GGUF file; what must be made first is kept in the folder given.
    """

    id: str
    kind: Literal["text", "embedding"]
    context_tokens: int
    weights: Callable[[Path], Path]

    def server_flags(self, cache_dir: Path) -> list[str]:
        """The flags of the model's server."""
        flags = served_model(self.weights(cache_dir), self.context_tokens)
        if self.kind == "embedding":
            # A text is embedded as one batch.
            flags += [
                "--embeddings",
                "--batch-size",
                str(self.context_tokens),
                "--ubatch-size",
                str(self.context_tokens),
            ]
        return flags


MODELS: Mapping[str, LocalModel] = {
    model.id: model
    for model in (
        # SmolLM2-135M-Instruct, GGUF Q4_1; Llama architecture.
        LocalModel("smollm2q41v1", "text", 8192, lambda _cache: smollm2_gguf()),
        # all-MiniLM-L6-v2, half precision; 384 dimensions.
        LocalModel("minilml6v2q1", "embedding", 512, embedding_gguf),
    )
}
