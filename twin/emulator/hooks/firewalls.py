"""Web ACLs (AWS WAF) before stages of REST APIs and distributions: bounds on rate and size count, AWS's groups do not.

The rules of AWS's managed groups are AWS's own and secret: such a group is recorded, and lets everything through.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from ministack.core import responses
from ministack.services import apigateway_v1, cloudfront, waf
from ministack.services.cloudformation import provisioners

from twin.emulator.hooks.services import Json

_TYPE = "AWS::WAFv2::WebACL"
_WINDOW_S = 300
_SIZES = {"Body", "QueryString", "UriPath"}
_COMPARISONS = {
    "EQ": lambda size, bound: size == bound,
    "NE": lambda size, bound: size != bound,
    "LE": lambda size, bound: size <= bound,
    "LT": lambda size, bound: size < bound,
    "GE": lambda size, bound: size >= bound,
    "GT": lambda size, bound: size > bound,
}

_seen: dict[tuple[str, str, str], deque[float]] = defaultdict(deque)


def enforce_web_acls() -> None:
    """Answer 403 where a rule of a stage's or a distribution's web ACL blocks a request.

    A rule that would neither be judged nor is a managed group fails its stack, by name.
    """
    execute, answer = apigateway_v1._execute_in_scope, cloudfront.handle_viewer_request

    async def execute_if_let_in(request: Json, api_id: str, stage: str, method: str, path: str, *rest: Any) -> Any:
        arn = f"arn:aws:apigateway:{responses.get_region()}::/restapis/{api_id}/stages/{stage}"
        _headers, body, query = rest[0], rest[1], rest[2]
        if _blocked(waf._associations.get(arn), path, query, body):
            request["stage"] = apigateway_v1._stages_v1.get(api_id, {}).get(stage) or {}
            return apigateway_v1._gw_error("WAF_FILTERED", "Forbidden")
        return await execute(request, api_id, stage, method, path, *rest)

    async def answer_if_let_in(
        dist: Json, method: str, path: str, raw_uri: str, raw_query: str, headers: Json, body: bytes, *rest: Any
    ) -> Any:
        acl = cloudfront._text(cloudfront._dist_config_el(dist), "WebACLId")
        if _blocked(acl, path, raw_query, body):
            return cloudfront._cf_error_response(403, "Request blocked.", cloudfront._ERROR_X_CACHE)
        return await answer(dist, method, path, raw_uri, raw_query, headers, body, *rest)

    apigateway_v1._execute_in_scope = execute_if_let_in
    cloudfront.handle_viewer_request = answer_if_let_in
    _check_web_acls()


def _blocked(arn: str | None, path: str, query: Any, body: bytes) -> bool:
    """Whether the first rule that fits a request, or else the default, blocks it."""
    if not arn:
        return False
    acl = next((found for found in waf._web_acls.all_values() if found["ARN"] == arn), None)
    if acl is None:
        return False
    for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"])):
        action = rule.get("Action") or {}
        if _fits(arn, rule, path, query, body) and "Count" not in action:
            return "Block" in action
    return "Block" in acl["DefaultAction"]


def _fits(arn: str, rule: Json, path: str, query: Any, body: bytes) -> bool:
    statement = rule["Statement"]
    if rate := statement.get("RateBasedStatement"):
        return _too_often((arn, rule["Name"], responses.get_request_client_ip()), rate)
    if bound := statement.get("SizeConstraintStatement"):
        field = next(iter(bound["FieldToMatch"]))
        text = query if isinstance(query, str) else urlencode(query or {}, doseq=True)
        sizes = {"Body": len(body or b""), "QueryString": len(text), "UriPath": len(path)}
        return bool(_COMPARISONS[bound["ComparisonOperator"]](sizes[field], int(bound["Size"])))
    return False


def _too_often(who: tuple[str, str, str], rate: Json) -> bool:
    now, seen = time.monotonic(), _seen[who]
    seen.append(now)
    while seen[0] < now - int(rate.get("EvaluationWindowSec", _WINDOW_S)):
        seen.popleft()
    return len(seen) > int(rate["Limit"])


def _check_web_acls() -> None:
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update = handlers["create"], handlers["update"]

    def create_checked(logical_id: str, properties: Json, stack: str) -> Any:
        _refuse(properties)
        return create(logical_id, properties, stack)

    def update_checked(physical_id: str, old: Json, new: Json, stack: str, logical_id: str | None = None) -> Any:
        _refuse(new)
        return update(physical_id, old, new, stack, logical_id)

    handlers.update(create=create_checked, update=update_checked)


def _refuse(properties: Json) -> None:
    if problems := [problem for rule in properties.get("Rules") or [] for problem in _problems(rule)]:
        raise ValueError(f"The twin's web ACLs do not have {', '.join(problems)}.")


def _problems(rule: Json) -> Iterator[str]:
    """What a rule asks for that is neither judged nor recorded."""
    statement, name = rule["Statement"], rule["Name"]
    kinds = set(statement) - {"ManagedRuleGroupStatement", "RateBasedStatement", "SizeConstraintStatement"}
    yield from (f"{kind} of {name}" for kind in sorted(kinds))
    rate = statement.get("RateBasedStatement") or {}
    if rate and rate.get("AggregateKeyType", "IP") != "IP":
        yield f"AggregateKeyType {rate['AggregateKeyType']} of {name}"
    if "ScopeDownStatement" in rate:
        yield f"ScopeDownStatement of {name}"
    fields = set((statement.get("SizeConstraintStatement") or {}).get("FieldToMatch") or {})
    yield from (f"FieldToMatch {field} of {name}" for field in sorted(fields - _SIZES))
    yield from (
        f"Action {action} of {name}" for action in sorted(set(rule.get("Action") or {}) - {"Allow", "Block", "Count"})
    )
