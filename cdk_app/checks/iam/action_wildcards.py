"""Actions are named one by one: ``s3:Get*`` grants what the service adds tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.iam.statements import identity_statements

NAME = "iam-action-wildcards"
MAXIMUM_SHARE = 0.02


def find_action_wildcards(assembly: Assembly) -> Iterator[Finding]:
    """One finding for each ``service:*``, and one for all wildcards when there are too many."""
    total = 0
    wild: list[str] = []
    for statement in identity_statements(assembly):
        for action in statement.actions:
            total += 1
            if "*" not in action:
                continue
            wild.append(f"{action} in {statement.place}")
            if action == "*" or action.endswith(":*"):
                yield Finding(
                    NAME,
                    statement.place,
                    f"{action} grants a whole service.",
                    "List the actions that the role's code calls.",
                )
    if len(wild) > MAXIMUM_SHARE * total:
        yield Finding(
            NAME,
            "; ".join(wild),
            f"{len(wild)} of {total} actions are wildcards, {len(wild) / total:.1%}; {MAXIMUM_SHARE:.0%} is the most.",
            "Write the actions out. CDK's own grants use wildcards: grant through cdk_app's helpers.",
        )


ACTION_WILDCARDS = Check(NAME, find_action_wildcards)
