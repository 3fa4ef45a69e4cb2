"""Endpoints."""

from __future__ import annotations

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import ENDPOINT
from twin.sagemaker.listing import Listing
from twin.sagemaker.serving import rollout
from twin.sagemaker.store import Store
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import forget_tags, set_tags

_SETTLED = ("InService", "Failed")
_LISTING = Listing(
    "Endpoints",
    ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus"),
    "EndpointName",
    "EndpointStatus",
)


def create_endpoint(call: Call) -> Json:
    """CreateEndpoint: it is in service once its container is healthy."""
    require_support(ENDPOINT, call.parameters)
    configuration = _configuration(call)
    name = call.parameters["EndpointName"]
    arn = call.scope.arn("endpoint", name)
    record = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": call.parameters["EndpointConfigName"],
        "EndpointStatus": "Creating",
        **_deployment(call),
    }
    record = call.store.add(
        "endpoint", name, record, lambda: errors.validation(f'Cannot create already existing endpoint "{arn}".')
    )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    rollout.begin(call.store, record, configuration)
    return {"EndpointArn": arn}


def _configuration(call: Call) -> Json:
    name = call.parameters["EndpointConfigName"]
    arn = call.scope.arn("endpoint-config", name)
    return call.store.get(
        "endpoint-config", name, lambda: errors.validation(f'Could not find endpoint configuration "{arn}".')
    )


def _deployment(call: Call) -> Json:
    given = call.parameters.get("DeploymentConfig")
    return {"LastDeploymentConfig": given} if given else {}


def _missing(call: Call) -> ServiceError:
    return errors.validation(
        f'Could not find endpoint "{call.scope.arn("endpoint", call.parameters["EndpointName"])}".'
    )


def describe_endpoint(call: Call) -> Json:
    """DescribeEndpoint."""
    return call.store.get("endpoint", call.parameters["EndpointName"], lambda: _missing(call))


def update_endpoint(call: Call) -> Json:
    """UpdateEndpoint: the new container is brought up beside the old one, which serves until then.

    Where it does not come up, or an alarm of the deployment rings, the endpoint stays with the old one and tells
    why in its FailureReason.
    """
    require_support(ENDPOINT, call.parameters)
    configuration = _configuration(call)
    with call.store.lock:
        record = _settled(call)
        _require_same_kind(record, configuration)
        record.pop("FailureReason", None)
        call.store.update(record, EndpointStatus="Updating", **_deployment(call))
    rollout.begin(call.store, record, configuration, call.parameters.get("DeploymentConfig"))
    return {"EndpointArn": record["EndpointArn"]}


def _settled(call: Call) -> Json:
    record = describe_endpoint(call)
    if record["EndpointStatus"] not in _SETTLED:
        raise errors.validation(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
    return record


def _require_same_kind(record: Json, configuration: Json) -> None:
    """An endpoint on instances cannot become a serverless one; the other way round is open."""
    on_instances = any("CurrentInstanceCount" in variant for variant in record.get("ProductionVariants") or ())
    if on_instances and any(variant.get("ServerlessConfig") for variant in configuration["ProductionVariants"]):
        raise errors.validation(
            f'Cannot update endpoint "{record["EndpointArn"]}" from instances to serverless with endpoint '
            f'configuration "{configuration["EndpointConfigName"]}". Create a new endpoint instead.'
        )


def delete_endpoint(call: Call) -> Json:
    """DeleteEndpoint: its server ends."""
    with call.store.lock:
        record = _settled(call)
        call.store.update(record, EndpointStatus="Deleting")
    try:
        rollout.end(record["EndpointArn"])
    finally:
        # Whatever its end met with: it is gone, and a record of it would stay Deleting for ever.
        call.store.remove("endpoint", record["EndpointName"], lambda: _missing(call))
        forget_tags(call.store, record["EndpointArn"])
    return {}


def list_endpoints(call: Call) -> Json:
    """ListEndpoints."""
    return _LISTING.answer(call.store.of("endpoint").values(), call.parameters)


def resume(store: Store) -> None:
    """Serve again, after a restart of the emulator, what was in service."""
    for record in store.of("endpoint").values():
        configuration = store.find("endpoint-config", record["EndpointConfigName"])
        if record["EndpointStatus"] == "Failed" or configuration is None:
            store.update(record, EndpointStatus="Failed")
            continue
        store.update(record, EndpointStatus="SystemUpdating")
        rollout.begin(store, record, configuration)


OPERATIONS: Operations = {
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": describe_endpoint,
    "UpdateEndpoint": update_endpoint,
    "DeleteEndpoint": delete_endpoint,
    "ListEndpoints": list_endpoints,
}
