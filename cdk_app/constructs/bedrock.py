"""What a catalogue model is called in a Bedrock request, and which ARNs a role needs to invoke it."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from cdk_app.catalogue import Model


def converse_model_id(scope: Construct, model: Model) -> str:
    """Value for Converse's `modelId`: a model id, an inference profile's id or an imported model's ARN."""
    raise NotImplementedError


def model_arns(scope: Construct, models: Sequence[Model]) -> list[str]:
    """Resources of a statement on `bedrock:InvokeModel` that allows `models` and no other, sorted."""
    raise NotImplementedError
