"""The model that a request names."""

from __future__ import annotations

import re

from twin.emulator.hooks import ServiceError
from twin.weights.imported import LocalModel, models

_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):imported-model/(?P<id>[a-z0-9]{12})")
# Ids of foundation models and inference profiles (with a vendor), and ARNs of anything in Bedrock.
_WELL_FORMED = re.compile(r"arn:aws(-[^:]+)?:(bedrock|sagemaker):[a-zA-Z0-9:/._-]+|[a-z0-9-]+\.[a-zA-Z0-9.:-]+")


def resolve(model_id: str, region: str, account: str) -> LocalModel:
    """The model that a request names.

    Raises ValidationException for what is no model id, ResourceNotFoundException for a model that is not served.
    """
    matched, known = _ARN.fullmatch(model_id), models()
    if matched and (matched["region"], matched["account"]) == (region, account) and matched["id"] in known:
        return known[matched["id"]]
    if not _WELL_FORMED.fullmatch(model_id):
        raise ServiceError("ValidationException", "The provided model identifier is invalid.")
    served = ", ".join(f"arn:aws:bedrock:{region}:{account}:imported-model/{name}" for name in known)
    raise ServiceError(
        "ResourceNotFoundException",
        f"Could not resolve the foundation model from the model identifier: {model_id}. Served here: {served}.",
        404,
    )
