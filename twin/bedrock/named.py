"""The model that a request names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from twin.bedrock.control import store
from twin.bedrock.control.models import local_model
from twin.emulator.hooks import ServiceError
from twin.weights.imported import LocalModel, models
from twin.weights.stand_ins import STAND_INS, StandIn, customizable

_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):imported-model/(?P<id>[a-z0-9]{12})")
# Ids of foundation models and inference profiles (with a vendor), and ARNs of anything in Bedrock.
_WELL_FORMED = re.compile(r"arn:aws(-[^:]+)?:(bedrock|sagemaker):[a-zA-Z0-9:/._-]+|[a-z0-9-]+\.[a-zA-Z0-9.:-]+")

# A profile's id is a model's with the prefix of a geography.
_PROFILE = re.compile(r"^(us|global)\.")


Family = Literal["llama", "nova", "embedding"]


@dataclass(frozen=True)
class Named:
    """What a request's model id stands for.

    Attributes:
        model: the weights that answer.
        family: what decides on the bodies of InvokeModel. A customized model has its base model's, an import those
            of its architecture.
    """

    model: LocalModel
    family: Family


def resolve(model_id: str, region: str, account: str) -> Named:
    """The model that a request names.

    Raises ValidationException for what is no model id, ResourceNotFoundException for a model that is not served.
    """
    if (made := _made_here(model_id, f"arn:aws:bedrock:{region}:{account}:")) is not None:
        return made
    if stand_in := STAND_INS.get(_PROFILE.sub("", model_id)):
        return Named(stand_in.model, _family(stand_in))
    matched, known = _ARN.fullmatch(model_id), models()
    if matched and (matched["region"], matched["account"]) == (region, account) and matched["id"] in known:
        return _imported(known[matched["id"]])
    if not _WELL_FORMED.fullmatch(model_id):
        raise ServiceError("ValidationException", "The provided model identifier is invalid.")
    imported = [f"arn:aws:bedrock:{region}:{account}:imported-model/{name}" for name in known]
    served = ", ".join([*STAND_INS, *imported])
    raise ServiceError(
        "ResourceNotFoundException",
        f"Could not resolve the foundation model from the model identifier: {model_id}. Served here: {served}.",
        404,
    )


def _family(stand_in: StandIn) -> Family:
    return "nova" if stand_in.model_id.startswith("amazon.nova") else "llama"


def _imported(model: LocalModel) -> Named:
    return Named(model, "embedding" if model.kind == "embedding" else "llama")


def _made_here(model_id: str, begin: str) -> Named | None:
    """What was customized or imported here, by the ARN of what serves it."""
    if not model_id.startswith(begin):
        return None
    kind = model_id.removeprefix(begin).partition("/")[0]
    if kind == "custom-model":
        message = "Invocation of a custom model with on-demand throughput isn't supported. Deploy it first."
        raise ServiceError("ValidationException", message)
    if kind == "imported-model" and (found := store.find("imported-model", model_id, "modelName", begin)):
        return _imported(local_model(found[0]))
    served = {"custom-model-deployment": ("deployment", "Active"), "provisioned-model": ("throughput", "InService")}
    if kind not in served:
        return None
    where, ready = served[kind]
    record = store.find("deployment" if where == "deployment" else "throughput", model_id, "", begin)
    if record is None:
        raise ServiceError("ResourceNotFoundException", f"Could not find {model_id}.", 404)
    if record[1]["status"] != ready:
        raise ServiceError("ModelNotReadyException", f"{model_id} is {record[1]['status']} and not ready.", 429)
    return _customized(record[1]["modelArn"], begin)


def _customized(model_arn: str, begin: str) -> Named:
    custom = store.find("model", model_arn, "modelName", begin)
    stand_in = customizable(custom[1]["baseModelArn"]) if custom else None
    return Named(local_model(model_arn), _family(stand_in) if stand_in else "llama")
