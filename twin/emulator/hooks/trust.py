"""Trust policies: whether a service may assume a role."""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import iam

from twin.emulator.hooks import tasks


class RoleNotAssumableError(Exception):
    """The role does not exist, or its trust policy does not let the service assume it."""


def require_trust(role_arn: str, service_principal: str, source_arn: str | None = None) -> None:
    """Raise RoleNotAssumableError unless a role, which must exist, lets a service assume it.

    `source_arn` is the resource that the service acts for (`aws:SourceArn`). Without it that is the state machine
    whose task runs on this thread, or else any resource of the service's in the role's account: `arn:aws:glue:
    us-east-1:000000000000:*`, which a condition on one resource does not match.
    """
    account, service = role_arn.split(":")[4], service_principal.partition(".")[0]
    source = source_arn or _source_of_task(service) or f"arn:aws:{service}:{responses.get_region()}:{account}:*"
    document = iam._roles[role_arn.rpartition("/")[2]]["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    named = [one for one in listed if _names_service(one.get("Principal"), service_principal)]
    policy = iam_evaluator.parse_policy_document({"Statement": named})
    context = _context(role_arn, service_principal, account, source)
    if iam_evaluator.evaluate(context, [policy]).decision != "Allow":
        raise RoleNotAssumableError(
            f"The trust policy of {role_arn} does not let {service_principal} assume it (aws:SourceArn {source})."
        )


def _source_of_task(service: str) -> str | None:
    task = tasks._task.get(None)
    return task.state_machine_arn if task is not None and service == "states" else None


def _context(role_arn: str, service_principal: str, account: str, source: str) -> iam_evaluator.EvalContext:
    return iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=str(responses.get_region()),
        service_context={
            "aws:principalisawsservice": "true",
            "aws:principalservicename": service_principal,
            "aws:sourceaccount": account,
            "aws:sourcearn": source,
        },
    )


def _names_service(principal: Any, service: str) -> bool:
    """Whether a statement's Principal names a service; `*` names everyone."""
    everyone = principal == "*" or (isinstance(principal, dict) and principal.get("AWS") in ("*", ["*"]))
    return everyone or bool(iam_evaluator._service_principal_matches(principal, service))
