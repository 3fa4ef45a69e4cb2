"""ARNs of what Bedrock answers with. Each part may be a token of the CDK or a template's reference."""

from __future__ import annotations

EVERY_REGION = "*"
"""In place of a region: any, and the empty one that stands for the model of a global profile."""


def foundation_model(partition: str, region: str, model_id: str) -> str:
    """A model as AWS offers it. An empty region is what a request through a global profile is allowed by."""
    return f"arn:{partition}:bedrock:{region}::foundation-model/{model_id}"


def inference_profile(partition: str, region: str, account: str, profile_id: str) -> str:
    """A cross-region inference profile, in the region of the request."""
    return f"arn:{partition}:bedrock:{region}:{account}:inference-profile/{profile_id}"


def imported_model(partition: str, region: str, account: str, model_id: str) -> str:
    """A model that the account has imported."""
    return f"arn:{partition}:bedrock:{region}:{account}:imported-model/{model_id}"
