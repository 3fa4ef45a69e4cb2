"""Which permission a request to Bedrock's control plane needs, and one to EventBridge Scheduler.

Resources are those of AWS's service authorization reference. What is about to be made has no ARN yet: a permission on
it has to be one on any of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.bedrock.control import store
from twin.bedrock.control.routes import parameters_of, route_of
from twin.emulator.hooks import Permission, Request

# What a request names, by the member that does: the kind of record, the record's name, the kind in an ARN.
_NAMED: dict[str, tuple[store.Kind, str, str]] = {
    "customModelDeploymentIdentifier": ("deployment", "modelDeploymentName", "custom-model-deployment"),
    "provisionedModelId": ("throughput", "provisionedModelName", "provisioned-model"),
    "modelIdentifier": ("model", "modelName", "custom-model"),
    "guardrailIdentifier": ("guardrail", "", "guardrail"),
}
_JOBS: dict[str, tuple[store.Kind, str]] = {
    "ModelCustomizationJob": ("job", "model-customization-job"),
    "ModelImportJob": ("import-job", "model-import-job"),
}
# What tags are put on, by the member that has them.
_TAGGED = {
    "jobTags": {
        "CreateModelCustomizationJob": "model-customization-job",
        "CreateModelImportJob": "model-import-job",
    },
    "customModelTags": {"CreateModelCustomizationJob": "custom-model"},
    "importedModelTags": {"CreateModelImportJob": "imported-model"},
    "tags": {
        "CreateCustomModelDeployment": "custom-model-deployment",
        "CreateProvisionedModelThroughput": "provisioned-model",
        "CreateGuardrail": "guardrail",
    },
}


def bedrock_control_action(request: Request) -> str | None:
    """`bedrock:<Operation>`."""
    return f"bedrock:{bedrock_operation(request)}"


def bedrock_operation(request: Request) -> str:
    """The operation, which the method and the path say."""
    route = route_of(request)
    return route.operation if route else "UnknownOperation"


def bedrock_control_resource(request: Request) -> str:
    """The ARN that the request names, or would name if it were not by a name."""
    route = route_of(request)
    if route is None:
        return "*"
    given, begin = parameters_of(request, route), store.prefix(request)
    if route.operation == "CreateModelCustomizationJob":
        identifier = str(given.get("baseModelIdentifier", ""))
        model = f"arn:aws:bedrock:{request.region}::foundation-model/{identifier}"
        return identifier if identifier.startswith("arn:") else model
    for member in ("modelArn", "modelId"):
        if str(given.get(member, "")).startswith("arn:"):
            return str(given[member])
    if "jobIdentifier" in given:
        kind, noun = next(found for ending, found in _JOBS.items() if route.operation.endswith(ending))
        return _arn(kind, "jobName", noun, given["jobIdentifier"], begin)
    for member, (kind, name_key, noun) in _NAMED.items():
        if member in given:
            imported = "Imported" in route.operation
            kind, noun = ("imported-model", "imported-model") if imported else (kind, noun)
            return _arn(kind, name_key, noun, given[member], begin)
    return "*"


def _arn(kind: store.Kind, name_key: str, noun: str, identifier: str, begin: str) -> str:
    if identifier.startswith("arn:"):
        return identifier
    found = store.find(kind, identifier, name_key, begin)
    return found[0] if found else f"{begin}{noun}/{identifier}"


def further_bedrock(request: Request) -> Iterable[Permission]:
    """A job's permission on the model that it makes, and bedrock:TagResource on what is tagged."""
    route = route_of(request)
    if route is None:
        return
    given, begin = parameters_of(request, route), store.prefix(request)
    if route.operation == "CreateModelCustomizationJob":
        for kind in ("custom-model", "model-customization-job"):
            yield Permission(f"bedrock:{route.operation}", f"{begin}{kind}/*")
    for member, kinds in _TAGGED.items():
        if given.get(member) and route.operation in kinds:
            asked = {f"aws:RequestTag/{tag['key']}": tag["value"] for tag in given[member]}
            keys = {"aws:TagKeys": [tag["key"] for tag in given[member]]}
            yield Permission("bedrock:TagResource", f"{begin}{kinds[route.operation]}/*", {**asked, **keys})


def tags_on_bedrock(arn: str) -> dict[str, str]:
    """`aws:ResourceTag/...` of what bears the ARN; nothing of what is not there, as on AWS."""
    return {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in store.tags(arn)}


# ---- EventBridge Scheduler ------------------------------------------------------------------------------


def scheduler_operation(request: Request) -> str:
    """The operation, which the method and the path say."""
    route = route_of(request, "scheduler")
    return route.operation if route else "UnknownOperation"


def scheduler_action(request: Request) -> str | None:
    """`scheduler:<Operation>`."""
    return f"scheduler:{scheduler_operation(request)}"


def scheduler_resource(request: Request) -> str:
    """The schedule's ARN, which has its group in it."""
    route = route_of(request, "scheduler")
    if route is None or "Name" not in route.parameters:
        return "*"
    given = parameters_of(request, route)
    group = given.get("GroupName") or given.get("groupName") or "default"
    return f"arn:aws:scheduler:{request.region}:{request.account}:schedule/{group}/{route.parameters['Name']}"
