"""AWS Deep Learning Containers by their address in the stack's own region."""

from __future__ import annotations

from constructs import Construct


def dlc_account(scope: Construct) -> str:
    """Account that owns the AWS Deep Learning Containers in the region the stack is deployed to."""
    raise NotImplementedError


def inference_image(scope: Construct) -> str:
    """llama.cpp on a CPU, for SageMaker: serves any `*.gguf` of the model artefact, OpenAI's chat format."""
    raise NotImplementedError
