"""Endpoint configurations: which model, on which capacity."""

from __future__ import annotations

from twin.emulator.hooks import Json, ServiceError
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.honoured import ENDPOINT_CONFIG
from twin.sagemaker.listing import Listing
from twin.sagemaker.support import require_support
from twin.sagemaker.tags import forget_tags, set_tags

_LISTING = Listing("EndpointConfigs", ("EndpointConfigName", "EndpointConfigArn", "CreationTime"), "EndpointConfigName")


def create_endpoint_config(call: Call) -> Json:
    """CreateEndpointConfig, with one production variant."""
    require_support(ENDPOINT_CONFIG, call.parameters)
    variants = call.parameters["ProductionVariants"]
    if len(variants) != 1:
        raise errors.validation("More than one entry in ProductionVariants is not supported here.")
    _require_capacity(call, variants[0])
    name = call.parameters["EndpointConfigName"]
    arn = call.scope.arn("endpoint-config", name)
    call.store.add(
        "endpoint-config",
        name,
        {**call.given("Tags"), "EndpointConfigArn": arn},
        lambda: errors.validation(f'Cannot create already existing endpoint configuration "{arn}".'),
    )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    return {"EndpointConfigArn": arn}


def _require_capacity(call: Call, variant: Json) -> None:
    """A variant is serverless or on instances, and its model exists."""
    name = variant.get("ModelName") or ""
    model = call.store.find("model", name)
    if model is None:
        raise errors.validation(f'Could not find model "{call.scope.arn("model", name)}".')
    on_instances = [key for key in ("InstanceType", "InitialInstanceCount", "VolumeSizeInGB") if variant.get(key)]
    if variant.get("ServerlessConfig"):
        if on_instances:
            raise errors.validation(f"ServerlessConfig and {on_instances[0]} cannot both be given for a variant.")
        if variant["ServerlessConfig"]["MemorySizeInMB"] % 1024:
            raise errors.validation("ServerlessConfig.MemorySizeInMB must be a multiple of 1024.")
        if model.get("EnableNetworkIsolation"):
            raise errors.validation("Serverless endpoints do not support network isolation.")
    elif not variant.get("InstanceType") or not variant.get("InitialInstanceCount"):
        raise errors.validation("InstanceType and InitialInstanceCount, or ServerlessConfig, must be given.")


def _missing(call: Call) -> ServiceError:
    arn = call.scope.arn("endpoint-config", call.parameters["EndpointConfigName"])
    return errors.validation(f'Could not find endpoint configuration "{arn}".')


def describe_endpoint_config(call: Call) -> Json:
    """DescribeEndpointConfig."""
    return call.store.get("endpoint-config", call.parameters["EndpointConfigName"], lambda: _missing(call))


def delete_endpoint_config(call: Call) -> Json:
    """DeleteEndpointConfig; an endpoint that was made from it stays up."""
    record = call.store.remove("endpoint-config", call.parameters["EndpointConfigName"], lambda: _missing(call))
    forget_tags(call.store, record["EndpointConfigArn"])
    return {}


def list_endpoint_configs(call: Call) -> Json:
    """ListEndpointConfigs."""
    return _LISTING.answer(call.store.of("endpoint-config").values(), call.parameters)


OPERATIONS: Operations = {
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": describe_endpoint_config,
    "DeleteEndpointConfig": delete_endpoint_config,
    "ListEndpointConfigs": list_endpoint_configs,
}
