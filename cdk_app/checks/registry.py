"""Which checks there are, and which are cheap enough for every synthesis."""

from __future__ import annotations

from collections.abc import Iterable

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.cfn_lint import CFN_LINT
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.iam.action_wildcards import ACTION_WILDCARDS
from cdk_app.checks.iam.full_access import FULL_ACCESS
from cdk_app.checks.iam.known_actions import KNOWN_ACTIONS
from cdk_app.checks.iam.pass_role import PASS_ROLE
from cdk_app.checks.iam.resource_wildcards import RESOURCE_WILDCARDS
from cdk_app.checks.pipeline_definition import PIPELINE_DEFINITION
from cdk_app.checks.state_machines.failures import FAILURES
from cdk_app.checks.state_machines.integrations import INTEGRATIONS
from cdk_app.checks.state_machines.permissions import PERMISSIONS
from cdk_app.checks.state_machines.syntax import SYNTAX

SYNTH_CHECKS: tuple[Check, ...] = (
    RESOURCE_WILDCARDS,
    ACTION_WILDCARDS,
    FULL_ACCESS,
    PASS_ROLE,
    FAILURES,
    PERMISSIONS,
    PIPELINE_DEFINITION,
)
"""Rules that read the templates and nothing else: milliseconds, with no package beyond the runtime's."""

ALL_CHECKS: tuple[Check, ...] = (*SYNTH_CHECKS, KNOWN_ACTIONS, INTEGRATIONS, SYNTAX, CFN_LINT)
"""Also those that load databases of actions, of APIs and of resource schemas, or start another program."""


def run_checks(assembly: Assembly, checks: Iterable[Check] = ALL_CHECKS) -> list[Finding]:
    """All findings of ``checks``, sorted by rule and place."""
    return sorted(finding for check in checks for finding in check.find(assembly))
