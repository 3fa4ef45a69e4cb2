"""The models that are served here as imports of Bedrock, by the id that their import has.

Beside those with weights on this machine stand models that somebody else serves, where whoever starts the emulator
names their servers: a larger model of one's own, or one that a test scripts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin.model_server.flags import served_model
from twin.weights.embedding import embedding_gguf
from twin.weights.packages import smollm2_gguf


@dataclass(frozen=True)
class LocalModel:
    """A model that answers on this machine.

    Attributes:
        id: the last part of its ARN, twelve letters and digits.
        kind: what it makes of a text.
        context_tokens: the most tokens of a prompt with its answer, or of a text to embed.
        weights: gives the GGUF file; what must be made first is kept in the folder given.
        url: the address of a server that is running already; empty where one is started on the weights.
    """

    id: str
    kind: Literal["text", "embedding"]
    context_tokens: int
    weights: Callable[[Path], Path]
    url: str = ""

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


SERVERS_VARIABLE = "FOURFOLD_MODEL_SERVERS"
"""Environment variable with the servers of others, as JSON: the id of an import to the address of its server."""

MODELS: Mapping[str, LocalModel] = {
    model.id: model
    for model in (
        # SmolLM2-135M-Instruct, GGUF Q4_1; Llama architecture.
        LocalModel("smollm2q41v1", "text", 8192, lambda _cache: smollm2_gguf()),
        # all-MiniLM-L6-v2, half precision; 384 dimensions.
        LocalModel("minilml6v2q1", "embedding", 512, embedding_gguf),
    )
}


def models() -> dict[str, LocalModel]:
    """Every model that answers: those with weights here, and those whose servers the environment names."""
    return {**MODELS, **served_elsewhere(os.environ.get(SERVERS_VARIABLE, "{}"))}


def served_elsewhere(servers: str) -> dict[str, LocalModel]:
    """The models of others' servers, which speak what llama.cpp's server speaks and apply their own template."""
    return {name: LocalModel(name, "text", 0, _no_weights, url) for name, url in json.loads(servers).items()}


def _no_weights(_cache: Path) -> Path:
    raise ValueError("The weights of a model that somebody else serves are not here.")
