"""Models: a container's image, its artefact and its environment."""

from __future__ import annotations

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import MODEL
from twin.sagemaker.images import require_image
from twin.sagemaker.listing import Listing
from twin.sagemaker.roles import require_role
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import forget_tags, set_tags

_LISTING = Listing("Models", ("ModelName", "ModelArn", "CreationTime"), "ModelName")


def create_model(call: Call) -> Json:
    """CreateModel, with one container."""
    require_support(MODEL, call.parameters)
    name = call.parameters["ModelName"]
    container, role = call.parameters.get("PrimaryContainer"), call.parameters.get("ExecutionRoleArn")
    if not container or not container.get("Image"):
        raise errors.validation("PrimaryContainer with an Image is required.")
    if not role:
        raise errors.validation("ExecutionRoleArn is required.")
    require_image(container["Image"], "serving")
    if not container.get("ModelDataUrl") and not container.get("ModelDataSource"):
        raise errors.validation(
            "PrimaryContainer.ModelDataUrl or ModelDataSource is required: the container has no model of its own."
        )
    require_role(role)
    arn = call.scope.arn("model", name)
    call.store.add(
        "model",
        name,
        {"EnableNetworkIsolation": False, **call.given("Tags"), "ModelArn": arn},
        lambda: errors.validation(f'Cannot create already existing model "{arn}".'),
    )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    return {"ModelArn": arn}


def _missing(call: Call) -> ServiceError:
    return errors.validation(f'Could not find model "{call.scope.arn("model", call.parameters["ModelName"])}".')


def describe_model(call: Call) -> Json:
    """DescribeModel."""
    return call.store.get("model", call.parameters["ModelName"], lambda: _missing(call))


def delete_model(call: Call) -> Json:
    """DeleteModel."""
    record = call.store.remove("model", call.parameters["ModelName"], lambda: _missing(call))
    forget_tags(call.store, record["ModelArn"])
    return {}


def list_models(call: Call) -> Json:
    """ListModels."""
    return _LISTING.answer(call.store.of("model").values(), call.parameters)


OPERATIONS: Operations = {
    "CreateModel": create_model,
    "DescribeModel": describe_model,
    "DeleteModel": delete_model,
    "ListModels": list_models,
}
