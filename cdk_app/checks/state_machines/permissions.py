"""The state machine's role may make every call that its states make."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly, Resource
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.checks.state_machines.definitions import state_machines, states

NAME = "state-machine-permissions"

# What the service itself does on the state's behalf, where that is more than the operation.
_MORE = {
    "bedrock:createModelCustomizationJob.sync": (
        "bedrock:CreateModelCustomizationJob",
        "bedrock:GetModelCustomizationJob",
        "bedrock:StopModelCustomizationJob",
    ),
    "glue:startJobRun.sync": ("glue:StartJobRun", "glue:GetJobRun", "glue:BatchStopJobRun"),
    "lambda:invoke": ("lambda:InvokeFunction",),
}
# IAM's prefix where it is not Step Functions' name of the service.
_PREFIXES = {"sfn": "states", "cloudwatchlogs": "logs", "eventbridge": "events", "sagemakerruntime": "sagemaker"}


def find_missing_permissions(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each action that a state needs and no statement of the machine's role allows."""
    for machine in state_machines(assembly):
        role = assembly.resource_behind(machine.resource.stack, machine.resource.properties["RoleArn"])
        allowed = _allowed(assembly, role)
        for state in states(machine):
            for action in _needed(state.integration) if state.body["Type"] == "Task" else ():
                if not any(fnmatch.fnmatchcase(action.lower(), pattern) for pattern in allowed):
                    yield Finding(
                        NAME,
                        state.place,
                        f"The state machine's role may not {action}.",
                        "Grant it on the exact resource that the state names.",
                    )


def _needed(integration: str) -> tuple[str, ...]:
    name = integration.removesuffix(".waitForTaskToken")
    if name in _MORE:
        return _MORE[name]
    service_name, _, action = name.removeprefix("aws-sdk:").partition(":")
    return (f"{_PREFIXES.get(service_name, service_name)}:{action[:1].upper()}{action[1:]}",)


def _allowed(assembly: Assembly, role: Resource | None) -> set[str]:
    """Action patterns, in lower case, of every statement that is attached to the role."""
    if role is None:
        return set()
    return {
        action.lower()
        for statement in identity_statements(assembly)
        if statement.allows and _belongs(assembly, statement.owner, role)
        for action in statement.actions
    }


def _belongs(assembly: Assembly, owner: Resource, role: Resource) -> bool:
    if owner.type == role.type:
        return (owner.stack, owner.logical_id) == (role.stack, role.logical_id)
    attached = (assembly.resource_behind(owner.stack, ref) for ref in owner.properties.get("Roles", []))
    return any(r and (r.stack, r.logical_id) == (role.stack, role.logical_id) for r in attached)


PERMISSIONS = Check(NAME, find_missing_permissions)
