"""Which ARNs a role needs to invoke the models of a catalogue on Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk
from constructs import Construct

from cdk_app.catalogue import Model


def model_arns(scope: Construct, models: Iterable[Model]) -> list[str]:
    """Resources of a statement on `bedrock:InvokeModel` that allows `models` and no other, sorted.

    Converse needs the same action. A model without a Bedrock id (the extractive baseline) needs none.
    """
    stack = cdk.Stack.of(scope)
    return sorted({arn for model in models if model.model_id for arn in _arns(stack, model, model.model_id)})


def _arns(stack: cdk.Stack, model: Model, model_id: str) -> list[str]:
    here = f"arn:{stack.partition}:bedrock:{stack.region}"
    if model.platform == "bedrock-import":
        return [f"{here}:{stack.account}:imported-model/{model_id}"]
    if model.inference_profile:
        # The profile's id begins with its geography (`eu.`), and it may hand the request to any region of it.
        return [
            f"{here}:{stack.account}:inference-profile/*.{model_id}",
            f"arn:{stack.partition}:bedrock:*::foundation-model/{model_id}",
        ]
    return [f"{here}::foundation-model/{model_id}"]
