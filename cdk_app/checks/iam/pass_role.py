"""``iam:PassRole`` hands over one of the application's own roles, to one service."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly, Json
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.flatten import flatten
from cdk_app.checks.iam.statements import Statement, identity_statements

NAME = "iam-pass-role"


def find_open_pass_role(assembly: Assembly) -> Iterator[Finding]:
    """A finding for a target that is no role of the application, and one for a missing service condition."""
    for statement in identity_statements(assembly):
        if not statement.allows or not any(_covers_pass_role(a) for a in statement.actions):
            continue
        for target in statement.resources:
            role = assembly.resource_behind(statement.owner.stack, target)
            if role is None or role.type != "AWS::IAM::Role":
                yield Finding(
                    NAME,
                    statement.place,
                    f"The role to pass is {flatten(target)}, which is no role of this application.",
                    "Refer to the role's construct (role.role_arn).",
                )
        if not _passed_to(statement):
            yield Finding(
                NAME,
                statement.place,
                "The role may be passed to any service.",
                'Add the condition {"StringEquals": {"iam:PassedToService": "<service>.amazonaws.com"}}.',
            )


def _covers_pass_role(action: str) -> bool:
    return action.lower() in {"iam:passrole", "iam:*", "iam:pass*", "*"}


def _passed_to(statement: Statement) -> Json:
    return statement.body.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService")


PASS_ROLE = Check(NAME, find_open_pass_role)
