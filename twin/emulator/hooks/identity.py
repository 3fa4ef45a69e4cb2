"""Who may do what: actions and resources of requests, denials, temporary credentials of roles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.services import sts

from twin.emulator.hooks.services import Json, RawResponse, Request, ServiceError
from twin.emulator.hooks.trust import RoleNotAssumableError, require_trust

ActionOf = Callable[[Request], "str | None"]
ResourceOf = Callable[[Request], str]
ReportDenial = Callable[[str, str, str], None]


def map_iam(service: str, action: ActionOf, resource: ResourceOf) -> None:
    """Say which action (`namespace:Action`) on which resource (ARN or `*`) a service's requests need.

    `action` may answer None for a request that needs no permission. The emulator then evaluates the
    caller's policies before the request reaches its handler.
    """
    iam_actions.SERVICE_TO_IAM_NAMESPACE.setdefault(service, service)
    action_before, resource_before = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def action_of(name: str, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if name != service:
            return action_before(name, method, path, headers, body, query)
        return action(Request(name, method, path, headers, body, query))

    def resource_of(
        name: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if name != service:
            return resource_before(name, method, path, headers, body, query, region, account)
        return resource(Request(name, method, path, headers, body, query))

    iam_actions.extract_iam_action = action_of
    iam_actions.extract_resource_arn = resource_of


def name_resources(service: str, resource: Callable[[Request], str | None]) -> None:
    """Say on which resource a service's requests need the action that the emulator names; None leaves that to it."""
    before = iam_actions.extract_resource_arn

    def resource_of(
        name: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> Any:
        named = resource(Request(name, method, path, headers, body, query)) if name == service else None
        return named or before(name, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = resource_of


@dataclass(frozen=True)
class Permission:
    """What a request needs: an action on a resource, with the condition keys that go with it."""

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)


def pass_role(role_arn: str, service_principal: str) -> Permission:
    """The permission to hand a role to a service (iam:PassRole)."""
    return Permission("iam:PassRole", role_arn, {"iam:PassedToService": service_principal})


def require(service: str, permissions: Callable[[Request], Iterable[Permission]]) -> None:
    """Evaluate further permissions of a service's requests, beyond the one action that `map_iam` names.

    They are evaluated after that one and before the handler; a denial is answered in the service's protocol.
    """
    handler = app.SERVICE_HANDLERS[service]

    async def checked(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> RawResponse:
        request = Request(service, method, path, headers, body, query)
        for needed in permissions(request):
            if denied := _evaluate(request, needed):
                return _refuse(request, needed, denied)
        answer: RawResponse = await handler(method, path, headers, body, query)
        return answer

    app.SERVICE_HANDLERS[service] = checked


def give_condition_keys(namespace: str, keys: Callable[[str], Mapping[str, Any]]) -> None:
    """Have conditions on a service's actions see `keys`, which a function of the resource's ARN gives.

    The emulator knows the tags of few services' resources: a condition on another's would never hold.
    """
    before = iam_evaluator.enforce

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        if iam_action.startswith(f"{namespace}:"):
            service_context = {**keys(resource_arn), **(service_context or {})}
        return before(access_key_id, iam_action, service, region, resource_arn, service_context)

    iam_evaluator.enforce = enforce


def give_resource_policies(service: str, policy_of: Callable[[str], tuple[str, str] | None]) -> None:
    """Have a service's resources bear policies: `policy_of(arn)` gives one as JSON, with its owner's account, or None.

    They are evaluated with the caller's own, as AWS does within an account and across accounts.
    """
    before = iam_evaluator._resource_policy

    def resource_policy(name: str, arn: str) -> Any:
        return policy_of(arn) if name == service else before(name, arn)

    iam_evaluator._resource_policy = resource_policy


def _evaluate(request: Request, needed: Permission) -> Any:
    access_key = router.extract_access_key_id(dict(request.headers), dict(request.query))
    # The service whose resource policy counts is that of the action: a key's policy for kms:Decrypt.
    service = needed.action.partition(":")[0]
    denied = iam_evaluator.enforce(
        access_key, needed.action, service, request.region, needed.resource, dict(needed.context)
    )
    if isinstance(denied, iam_evaluator.AuthError):
        raise ServiceError(denied.code, denied.message, 403)
    return denied


def allowed(request: Request, needed: Permission) -> bool:
    """Whether the caller has a permission; where not, the denial is reported like those that the emulator finds itself.

    Raises ServiceError for a request that is not signed, or not rightly.
    """
    denied = _evaluate(request, needed)
    if denied:
        for report in _report:
            report(denied.principal_arn, needed.action, needed.resource)
    return not denied


def _refuse(request: Request, needed: Permission, denied: Any) -> RawResponse:
    answer: RawResponse = iam_actions.access_denied_response(
        request.service,
        needed.action,
        denied.principal_arn,
        "",
        headers=dict(request.headers),
        resource_arn=needed.resource,
        explicit_deny=denied.decision == "Deny",
    )
    return answer


def deny_unmapped() -> None:
    """Deny, to any role, a request whose action the emulator cannot name; by itself it allows those.

    The account's root is still allowed them.
    """
    before = iam_actions.extract_iam_action

    def action_of(name: str, method: str, path: str, headers: Json, body: bytes, query: Any) -> str:
        action = before(name, method, path, headers, body, query)
        return str(action or f"{name}:UnmappedOperation")

    iam_actions.extract_iam_action = action_of


def _ignore(_principal: str, _action: str, _resource: str) -> None:
    return None


_report: list[ReportDenial] = [_ignore]


def on_denied(report: ReportDenial) -> None:
    """Call `report(principal, action, resource)` for every denied request.

    Denials also name the resource from now on: the emulator leaves it out of most, AWS names it.
    """
    _report.append(report)
    before = iam_actions.access_denied_response

    def named(service: str, action: str, principal: str, request_id: str, **details: Any) -> Any:
        resource = details.get("resource_arn", "*")
        if not details.get("error_code"):
            report(principal, action, resource)
            if not details.get("resource_policy_arn"):
                explicit = bool(details.get("explicit_deny"))
                text = iam_actions.identity_denial_message(action, principal, resource, explicit)
                details["message"] = text
        return before(service, action, principal, request_id, **details)

    iam_actions.access_denied_response = named


def trust_loopback() -> None:
    """Count plain HTTP as secure transport: the emulator is reached over loopback alone.

    Bucket policies that require TLS (`aws:SecureTransport`) then judge as they do on AWS.
    """
    before = iam_evaluator.pin_request_origin

    def secure(source_ip: str, secure_transport: bool) -> None:
        before(source_ip, secure_transport or source_ip in ("127.0.0.1", "::1"))

    iam_evaluator.pin_request_origin = secure
    app.pin_request_origin = secure


def role_credentials(
    role_arn: str, session_name: str, service_principal: str | None = None, source_arn: str | None = None
) -> dict[str, str]:
    """Temporary credentials of a role, as environment variables (AWS_ACCESS_KEY_ID and so on).

    Give `service_principal` (`glue.amazonaws.com`) to require that the role trusts that service, and `source_arn`
    as `require_trust` takes it. Raises RoleNotAssumableError, which says what is wrong with which role.
    """
    problem = iam_evaluator.validate_role_arn(role_arn)
    if problem or not role_arn:
        raise RoleNotAssumableError(problem or "No role was given.")
    if service_principal:
        require_trust(role_arn, service_principal, source_arn)
    name, account = role_arn.rpartition("/")[2], role_arn.split(":")[4]
    session_name = session_name[:64]
    digest = hashlib.sha256(f"{role_arn}/{session_name}".encode()).hexdigest()
    access_key = f"ASIA{digest[:16].upper()}"
    secret, token = (hashlib.sha256(f"{kind}{digest}".encode()).hexdigest() for kind in ("secret", "token"))
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}",
        "UserId": f"{name}:{session_name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(access_key, session)
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
