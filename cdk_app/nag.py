"""cdk-nag's AwsSolutions rules on every resource, and the way to accept a finding: with its reason, beside it.

The rules run at synthesis as a policy-validation plugin; one finding that nobody acknowledged ends it.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import Construct, IConstruct

_PACK = "AwsSolutions"


def add_checks(app: cdk.App) -> None:
    """Check every resource of `app` while it is synthesized."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledge(construct: Construct, rule: str, reason: str) -> None:
    """Accept what `rule` (such as `IAM4` or `IAM5[Action::s3:*]`) finds in `construct` and below it."""
    identifier = f"{_PACK}::{_PACK}-{rule}"
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=identifier, reason=reason))


def acknowledge_resource(construct: Construct, resource: str, reason: str) -> None:
    """Accept that a policy of `construct` allows `resource`, an ARN with a wildcard in it."""
    acknowledge(construct, f"IAM5[Resource::{_as_cdk_nag_writes(construct, resource)}]", reason)


def _as_cdk_nag_writes(construct: Construct, resource: str) -> str:
    """`<RawBucket0C3EE094.Arn>/*`: cdk-nag names a finding by the resource as the template has it.

    A value of another stack stands in the template as an import, but only once synthesis has connected the
    stacks; exporting it here gives it that same import, under that same name, at once.
    """
    stack = cdk.Stack.of(construct)
    for token in cdk.Tokenization.reverse_string(resource).tokens:
        if cdk.Reference.is_reference(token):
            owner = cdk.Stack.of(_target(token))
            if owner.node.path != stack.node.path:
                resource = resource.replace(cdk.Token.as_string(token), owner.export_value(token))
    return _flatten(stack.resolve(resource))


def _target(token: Any) -> IConstruct:
    target: IConstruct = token.target
    return target


def _flatten(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("${", "<").replace("}", ">")
    match value:
        case {"Fn::Join": [str(delimiter), list(parts)]}:
            return delimiter.join(_flatten(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_flatten(resource)}.{_flatten(attribute)}>"
        case {"Fn::Sub": str(template)}:
            return _flatten(template)
        case {"Fn::ImportValue": name}:
            return _flatten(name)
        case {"Ref": name}:
            return f"<{_flatten(name)}>"
    raise ValueError(f"A policy's resource is neither text nor a reference that cdk-nag can write: {value}")
