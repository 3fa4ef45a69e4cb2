"""The models that are served here, by the id that their import has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin import weights
from twin.emulator.hooks import ServiceError
from twin.model_server import served_model

_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):imported-model/(?P<id>[a-z0-9]{12})")
# Ids of foundation models and inference profiles (with a vendor), and ARNs of anything in Bedrock.
_WELL_FORMED = re.compile(r"arn:aws(-[^:]+)?:(bedrock|sagemaker):[a-zA-Z0-9:/._-]+|[a-z0-9-]+\.[a-zA-Z0-9.:-]+")


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
        LocalModel("smollm2q41v1", "text", 8192, lambda _cache: weights.smollm2_gguf()),
        # all-MiniLM-L6-v2, half precision; 384 dimensions.
        LocalModel("minilml6v2q1", "embedding", 512, weights.embedding_gguf),
    )
}


def resolve(model_id: str, region: str, account: str) -> LocalModel:
    """The model that a request names.

    Raises ValidationException for what is no model id, ResourceNotFoundException for a model that is not served.
    """
    matched = _ARN.fullmatch(model_id)
    if matched and (matched["region"], matched["account"]) == (region, account) and matched["id"] in MODELS:
        return MODELS[matched["id"]]
    if not _WELL_FORMED.fullmatch(model_id):
        raise ServiceError("ValidationException", "The provided model identifier is invalid.")
    served = ", ".join(f"arn:aws:bedrock:{region}:{account}:imported-model/{name}" for name in MODELS)
    raise ServiceError(
        "ResourceNotFoundException",
        f"Could not resolve the foundation model from the model identifier: {model_id}. Served here: {served}.",
        404,
    )
