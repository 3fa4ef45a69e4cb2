"""Every action exists: IAM accepts a misspelt one, and the role then fails at its first call."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from functools import cache

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.iam.statements import identity_statements

NAME = "iam-known-actions"


@cache
def _known_actions() -> frozenset[str]:
    from policy_sentry.querying.all import get_all_actions

    return frozenset(action.lower() for action in get_all_actions())


def _exists(action: str) -> bool:
    if "*" in action or "?" in action:
        return bool(fnmatch.filter(_known_actions(), action.lower()))
    return action.lower() in _known_actions()


def find_unknown_actions(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each action that is in no service's list."""
    for statement in identity_statements(assembly):
        for action in statement.actions:
            if not _exists(action):
                yield Finding(
                    NAME,
                    statement.place,
                    f"{action} is no IAM action.",
                    "Look the action up in the Service Authorization Reference; it may differ from the API's name.",
                )


KNOWN_ACTIONS = Check(NAME, find_unknown_actions)
