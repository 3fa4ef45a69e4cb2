"""No AWS-managed ``…FullAccess`` or administrator policy is attached to any role."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import PRINCIPALS

NAME = "iam-full-access"
_TOO_MUCH = re.compile(r"FullAccess|AdministratorAccess|PowerUserAccess")


def find_full_access(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each managed policy that grants a service in full."""
    for principal in assembly.resources(*PRINCIPALS):
        for arn in principal.properties.get("ManagedPolicyArns", []):
            if _TOO_MUCH.search(str(flatten(arn))):
                yield Finding(
                    NAME,
                    principal.place,
                    f"{flatten(arn)} is attached.",
                    "Grant the actions that are called, on the resources they are called on.",
                )


FULL_ACCESS = Check(NAME, find_full_access)
