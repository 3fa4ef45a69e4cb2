"""Which ARNs a role needs to invoke the models of a catalogue on Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk

from cdk_app.catalogue import Model


def model_arns(models: Iterable[Model]) -> list[str]:
    """Resources of a statement on `bedrock:InvokeModel` that allows `models` and no other, sorted.

    Converse needs the same action. A model without a Bedrock id (the extractive baseline) needs none.
    """
    return sorted({arn for model in models if model.model_id for arn in _arns(model, model.model_id)})


def _arns(model: Model, model_id: str) -> list[str]:
    here = f"arn:{cdk.Aws.PARTITION}:bedrock:{cdk.Aws.REGION}"
    if model.platform == "bedrock-import":
        return [f"{here}:{cdk.Aws.ACCOUNT_ID}:imported-model/{model_id}"]
    if model.inference_profile:
        # The profile's id begins with its geography (`eu.`), and it may hand the request to any region of it.
        return [
            f"{here}:{cdk.Aws.ACCOUNT_ID}:inference-profile/*.{model_id}",
            f"arn:{cdk.Aws.PARTITION}:bedrock:*::foundation-model/{model_id}",
        ]
    return [f"{here}::foundation-model/{model_id}"]
