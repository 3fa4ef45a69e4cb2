"""What serves a custom model: deployments on demand, and provisioned throughput.

Both are `Creating` until llama.cpp has loaded the weights, and then answer under their own ARNs.
"""

from __future__ import annotations

from collections.abc import Callable

from twin.bedrock import servers
from twin.bedrock.control import errors, store
from twin.bedrock.control.models import local_model, model_of
from twin.emulator import hooks
from twin.emulator.hooks import Json, Request
from twin.model_server import ModelServerError
from twin.support import ANY
from twin.weights.stand_ins import customizable

# The account's quota of model units without commitment.
MOST_MODEL_UNITS = 2
_INTERRUPTED = "The emulator ended while it was created."


def create_deployment(request: Request, parameters: Json) -> Json:
    """CreateCustomModelDeployment."""
    if known := _again("deployment", request, parameters):
        return {"customModelDeploymentArn": known["customModelDeploymentArn"]}
    model_arn, model = model_of(request, parameters["modelArn"])
    stand_in = customizable(model["baseModelArn"])
    if stand_in is None or not stand_in.on_demand:
        raise errors.validation(f"On-demand inference is not supported for the base model {model['baseModelArn']}.")
    name = parameters["modelDeploymentName"]
    if store.find("deployment", name, "modelDeploymentName", store.prefix(request)):
        raise errors.validation(f"A custom model deployment with the name {name} already exists.")
    arn = f"{store.prefix(request)}custom-model-deployment/{store.new_id()}"
    record = store.add(
        "deployment",
        arn,
        {
            "customModelDeploymentArn": arn,
            "modelDeploymentName": name,
            "modelArn": model_arn,
            "createdAt": store.now(),
            "lastUpdatedAt": store.now(),
            "status": "Creating",
            **({"description": parameters["description"]} if "description" in parameters else {}),
            "_token": parameters.get("clientRequestToken"),
            "_tags": parameters.get("tags", []),
        },
    )
    _start(record, "lastUpdatedAt", "Active", model_arn)
    return {"customModelDeploymentArn": arn}


def create_throughput(request: Request, parameters: Json) -> Json:
    """CreateProvisionedModelThroughput, for custom models alone."""
    if known := _again("throughput", request, parameters):
        return {"provisionedModelArn": known["provisionedModelArn"]}
    model_arn, model = model_of(request, parameters["modelId"])
    name, units = parameters["provisionedModelName"], parameters["modelUnits"]
    if store.find("throughput", name, "provisionedModelName", store.prefix(request)):
        raise errors.validation(f"A provisioned model with the name {name} already exists.")
    taken = sum(one["modelUnits"] for one in store.of("throughput", store.prefix(request)))
    if taken + units > MOST_MODEL_UNITS:
        raise errors.quota(f"The account may have {MOST_MODEL_UNITS} model units without commitment; it has {taken}.")
    arn = f"{store.prefix(request)}provisioned-model/{store.new_id()}"
    record = store.add(
        "throughput",
        arn,
        {
            "modelUnits": units,
            "desiredModelUnits": units,
            "provisionedModelName": name,
            "provisionedModelArn": arn,
            "modelArn": model_arn,
            "desiredModelArn": model_arn,
            "foundationModelArn": model["baseModelArn"],
            "status": "Creating",
            "creationTime": store.now(),
            "lastModifiedTime": store.now(),
            "_token": parameters.get("clientRequestToken"),
            "_tags": parameters.get("tags", []),
        },
    )
    _start(record, "lastModifiedTime", "InService", model_arn)
    return {"provisionedModelArn": arn}


def _again(kind: store.Kind, request: Request, parameters: Json) -> Json | None:
    """What the same request, by its token, has made before."""
    token = parameters.get("clientRequestToken")
    made = (one for one in store.of(kind, store.prefix(request)) if token and one["_token"] == token)
    return next(made, None)


def _start(record: Json, changed: str, ready: str, model_arn: str) -> None:
    def work() -> None:
        try:
            servers.start(local_model(model_arn))
        except ModelServerError as error:
            store.update(record, status="Failed", failureMessage=str(error), **{changed: store.now()})
        else:
            store.update(record, status=ready, **{changed: store.now()})

    hooks.in_background(f"serving of {model_arn}", work)


def _of(kind: store.Kind, name_key: str, request: Request, identifier: str) -> tuple[str, Json]:
    found = store.find(kind, identifier, name_key, store.prefix(request))
    if found is None:
        noun = "custom model deployment" if kind == "deployment" else "provisioned model"
        raise errors.not_found(f"Could not find the {noun} {identifier}.")
    return found


def get_deployment(request: Request, parameters: Json) -> Json:
    """GetCustomModelDeployment."""
    identifier = parameters["customModelDeploymentIdentifier"]
    return store.shown(_of("deployment", "modelDeploymentName", request, identifier)[1])


def delete_deployment(request: Request, parameters: Json) -> Json:
    """DeleteCustomModelDeployment."""
    identifier = parameters["customModelDeploymentIdentifier"]
    arn, record = _of("deployment", "modelDeploymentName", request, identifier)
    _end("deployment", request, arn, record)
    return {}


def get_throughput(request: Request, parameters: Json) -> Json:
    """GetProvisionedModelThroughput."""
    identifier = parameters["provisionedModelId"]
    return store.shown(_of("throughput", "provisionedModelName", request, identifier)[1])


def delete_throughput(request: Request, parameters: Json) -> Json:
    """DeleteProvisionedModelThroughput: not while it is being created."""
    arn, record = _of("throughput", "provisionedModelName", request, parameters["provisionedModelId"])
    if record["status"] in ("Creating", "Updating"):
        raise errors.conflict(f"The provisioned model {arn} is {record['status']} and cannot be deleted yet.")
    _end("throughput", request, arn, record)
    return {}


def _end(kind: store.Kind, request: Request, arn: str, record: Json) -> None:
    store.remove(kind, arn)
    left = [*store.of("deployment", store.prefix(request)), *store.of("throughput", store.prefix(request))]
    if not any(one["modelArn"] == record["modelArn"] for one in left):
        servers.stop(record["modelArn"].rpartition("/")[2])


def close_interrupted() -> None:
    """Fail what was being created when the emulator ended."""
    for kind in ("deployment", "throughput"):
        for record in store.all_of(kind):
            if record["status"] == "Creating":
                store.update(record, status="Failed", failureMessage=_INTERRUPTED)


OPERATIONS: dict[str, tuple[Callable[[Request, Json], Json], Json]] = {
    "CreateCustomModelDeployment": (
        create_deployment,
        {
            "modelDeploymentName": ANY,
            "modelArn": ANY,
            "description": ANY,
            "tags": ANY,
            "clientRequestToken": ANY,
        },
    ),
    "GetCustomModelDeployment": (get_deployment, {"customModelDeploymentIdentifier": ANY}),
    "DeleteCustomModelDeployment": (delete_deployment, {"customModelDeploymentIdentifier": ANY}),
    "CreateProvisionedModelThroughput": (
        create_throughput,
        {
            "provisionedModelName": ANY,
            "modelId": ANY,
            "modelUnits": ANY,
            "tags": ANY,
            "clientRequestToken": ANY,
        },
    ),
    "GetProvisionedModelThroughput": (get_throughput, {"provisionedModelId": ANY}),
    "DeleteProvisionedModelThroughput": (delete_throughput, {"provisionedModelId": ANY}),
}
