"""``Resource: "*"`` stays rare and explained: only actions without resource-level permissions need it.

The reason stands in the code, as cdk-nag's acknowledgement of ``AwsSolutions-IAM5[Resource::*]`` on the role
or policy; synthesis copies it into the assembly's metadata, where this rule looks for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.iam.statements import Statement, identity_statements

NAME = "iam-resource-wildcards"
ACKNOWLEDGEMENT = "AwsSolutions::AwsSolutions-IAM5[Resource::*]"
MAXIMUM_SHARE = 0.03


def unrestricted(assembly: Assembly) -> list[Statement]:
    """Allow statements over every resource."""
    return [s for s in identity_statements(assembly) if s.allows and "*" in s.resources]


def find_resource_wildcards(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each unexplained ``*``, and one when their share exceeds :data:`MAXIMUM_SHARE`."""
    total = sum(1 for _ in identity_statements(assembly))
    statements = unrestricted(assembly)
    for statement in statements:
        reasons = assembly.acknowledged.get((statement.owner.stack, statement.owner.logical_id), {})
        if not reasons.get(ACKNOWLEDGEMENT, "").strip():
            yield Finding(
                NAME,
                statement.place,
                f"{', '.join(statement.actions)} may touch every resource, and no reason is given.",
                f"Name the resources, or acknowledge {ACKNOWLEDGEMENT} on the role with the reason.",
            )
    if statements and len(statements) > MAXIMUM_SHARE * total:
        yield Finding(
            NAME,
            ", ".join(s.place for s in statements),
            f'{len(statements)} of {total} statements have Resource "*", '
            f"{len(statements) / total:.1%}; {MAXIMUM_SHARE:.0%} is the most.",
            "Name the resources where the service has a resource level, or join such statements of one role.",
        )


RESOURCE_WILDCARDS = Check(NAME, find_resource_wildcards)
