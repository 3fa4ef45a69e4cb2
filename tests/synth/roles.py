"""What a role may do, out of the templates: for tests that look at single permissions."""

from __future__ import annotations

from cdk_app.checks import Assembly, Resource
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import identity_statements

HANDLERS = {"gateway": "run.sh"}
"""Of functions that are started otherwise than by `lambdas/<name>/handler.py`."""


def allowed(assembly: Assembly, role: Resource) -> set[tuple[str, str]]:
    """(action, resource) pairs that a role's policies allow, references filled in with examples."""
    return {
        (action, str(flatten(resource)))
        for statement in identity_statements(assembly)
        if statement.owner.stack == role.stack
        and {"Ref": role.logical_id} in statement.owner.properties.get("Roles", [])
        for action in statement.actions
        for resource in statement.resources
    }


def resources_of(action: str, pairs: set[tuple[str, str]]) -> set[str]:
    """Resources on which `action` is allowed."""
    return {resource for allowed_action, resource in pairs if allowed_action == action}


def keys_in(bucket: str, action: str, pairs: set[tuple[str, str]]) -> set[str]:
    """Object keys of a bucket (`Curated`, `Models`…) on which `action` is allowed."""
    resources = (resource.partition("/") for resource in resources_of(action, pairs))
    return {key for arn, _, key in resources if f"{bucket}Bucket" in arn}


def function(assembly: Assembly, name: str) -> Resource:
    """The function `lambdas/<name>`."""
    functions = assembly.resources("AWS::Lambda::Function")
    handler = HANDLERS.get(name, f"lambdas.{name}.handler.handle")
    return next(f for f in functions if f.properties["Handler"] == handler)


def permissions(assembly: Assembly, name: str) -> set[tuple[str, str]]:
    """What `allowed` gives for the role of that function."""
    found = function(assembly, name)
    role = assembly.resource_behind(found.stack, found.properties["Role"])
    assert role is not None
    return allowed(assembly, role)
