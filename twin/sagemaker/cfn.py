"""SageMaker's CloudFormation types: each calls the API, as the account, and waits for what it waits for on AWS."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json

_POLL_S = 0.25
_MOST_OF_A_NAME = 63
_IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class ProvisioningError(Exception):
    """A resource did not come to the state that its template asks for; the text says why."""


def _same(properties: Json) -> Json:
    return properties


def _at_once(_name: str, _properties: Json) -> None:
    return None


@dataclass(frozen=True)
class ResourceType:
    """One type.

    Attributes:
        noun: `Model` of `AWS::SageMaker::Model`, of CreateModel and of ModelName.
        method: the same in boto3's names of methods: `model`.
        changeable: the properties that change in place; any other one changed is a replacement.
        ref: the member that Ref gives, which is the physical id.
        as_request: makes the API's parameters of the template's properties.
        settle: waits until what was begun has ended well. Raises ProvisioningError.
    """

    noun: str
    method: str
    ref: str
    changeable: frozenset[str] = frozenset()
    as_request: Callable[[Json], Json] = field(default=_same)
    settle: Callable[[str, Json], None] = field(default=_at_once)

    @property
    def name_member(self) -> str:
        """The member that names the resource."""
        return f"{self.noun}Name"

    def call(self, verb: str, **arguments: Any) -> Json:
        """Call the operation of that verb."""
        answer: Json = getattr(credentials.client("sagemaker"), f"{verb}_{self.method}")(**arguments)
        return answer

    def identity(self, name: str) -> tuple[str, Json]:
        """Physical id and attributes."""
        described = self.call("describe", **{self.name_member: name})
        attributes = {key: described[key] for key in (self.name_member, f"{self.noun}Arn")}
        return str(attributes[self.ref]), attributes

    def provision(self, name: str, properties: Json) -> tuple[str, Json]:
        """Create the resource under that name and wait for it."""
        self.call("create", **{**self.as_request(properties), self.name_member: name})
        try:
            self.settle(name, properties)
        except ProvisioningError:
            # CloudFormation rolls back by physical ids, and never learns the one of what failed.
            self.call("delete", **{self.name_member: name})
            raise
        return self.identity(name)


def _body(properties: Json) -> Json:
    definition = properties["PipelineDefinition"]
    if set(definition) != {"PipelineDefinitionBody"}:
        raise ProvisioningError("PipelineDefinition must have a PipelineDefinitionBody, and nothing else, here.")
    return {**properties, "PipelineDefinition": definition["PipelineDefinitionBody"]}


def _wait_for_endpoint(name: str, properties: Json) -> None:
    while True:
        endpoint = credentials.client("sagemaker").describe_endpoint(EndpointName=name)
        if endpoint["EndpointStatus"] not in _IN_PROGRESS:
            break
        time.sleep(_POLL_S)
    # An update that was rolled back leaves an endpoint in service too: with the old configuration.
    as_wanted = endpoint["EndpointConfigName"] == properties["EndpointConfigName"]
    if endpoint["EndpointStatus"] != "InService" or not as_wanted:
        raise ProvisioningError(f"The endpoint {name} failed. {endpoint.get('FailureReason', '')}")


RESOURCES = (
    ResourceType(
        "Pipeline",
        "pipeline",
        "PipelineName",
        frozenset(
            {"PipelineDefinition", "PipelineDescription", "PipelineDisplayName", "RoleArn", "ParallelismConfiguration"}
        ),
        as_request=_body,
    ),
    ResourceType("ModelPackageGroup", "model_package_group", "ModelPackageGroupArn"),
    ResourceType("Model", "model", "ModelArn"),
    ResourceType("EndpointConfig", "endpoint_config", "EndpointConfigArn"),
    ResourceType(
        "Endpoint",
        "endpoint",
        "EndpointArn",
        frozenset({"EndpointConfigName", "DeploymentConfig"}),
        settle=_wait_for_endpoint,
    ),
)


def register() -> None:
    """Provision the types."""
    for resource in RESOURCES:
        _register(resource)


def _register(resource: ResourceType) -> None:
    def create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
        name = properties.get(resource.name_member) or hooks.physical_name(stack, logical_id, _MOST_OF_A_NAME)
        return resource.provision(name, properties)

    def update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
        return _update(resource, physical_id, old, new)

    def delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001 - the hook's signature
        try:
            resource.call("delete", **{resource.name_member: _name(physical_id)})
        except ClientError as error:
            if not _gone(error):
                raise

    hooks.add_cfn_resource(f"AWS::SageMaker::{resource.noun}", create=create, update=update, delete=delete)


def _update(resource: ResourceType, physical_id: str, old: Json, new: Json) -> tuple[str, Json]:
    changed = {key for key in (*old, *new) if old.get(key) != new.get(key)}
    identity = resource.identity(_name(physical_id))
    name = identity[1][resource.name_member]
    if changed - resource.changeable - {"Tags"}:
        return resource.provision(_name_of_replacement(resource, name, old, new), new)
    if "Tags" in changed:
        _retag(identity[1][f"{resource.noun}Arn"], old.get("Tags") or [], new.get("Tags") or [])
    if changed & resource.changeable and not _already(resource, name, new):
        wanted = {key: value for key, value in resource.as_request(new).items() if key != "Tags"}
        resource.call("update", **{**wanted, resource.name_member: name})
        resource.settle(name, new)
    return identity


def _already(resource: ResourceType, name: str, properties: Json) -> bool:
    """Whether an endpoint serves the configuration already: CloudFormation rolls back what has rolled itself back."""
    if resource.noun != "Endpoint":
        return False
    endpoint = resource.call("describe", EndpointName=name)
    serving = endpoint["EndpointStatus"] == "InService"
    return serving and bool(endpoint["EndpointConfigName"] == properties["EndpointConfigName"])


def _name_of_replacement(resource: ResourceType, name: str, old: Json, new: Json) -> str:
    """Another name than the old one's: CloudFormation makes the new resource before the old one goes."""
    named = new.get(resource.name_member)
    if named and named == old.get(resource.name_member):
        raise ProvisioningError(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {named} and update the stack again."
        )
    return named or f"{name.rpartition('-')[0]}-{secrets.token_hex(6)}"


def _retag(arn: str, old: list[Json], new: list[Json]) -> None:
    client = credentials.client("sagemaker")
    kept = {tag["Key"] for tag in new}
    if gone := [tag["Key"] for tag in old if tag["Key"] not in kept]:
        client.delete_tags(ResourceArn=arn, TagKeys=gone)
    if new:
        client.add_tags(ResourceArn=arn, Tags=new)


def _name(physical_id: str) -> str:
    return physical_id.rpartition("/")[2]


def _gone(error: ClientError) -> bool:
    message = error.response["Error"].get("Message", "")
    return any(words in message for words in ("Could not find", "does not exist"))
