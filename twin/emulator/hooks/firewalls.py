"""Web ACLs (AWS WAF) before stages of REST APIs and distributions: bounds on rate and size count, AWS's groups do not.

A rate is that of an address, or of what one or several headers hold, among all requests or those whose path fits.

The rules of AWS's managed groups are AWS's own and secret: such a group is recorded, and lets everything through.
"""

from __future__ import annotations

import posixpath
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
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

_POSITIONS: dict[str, Callable[[str, str], bool]] = {
    "CONTAINS": lambda path, sought: sought in path,
    "STARTS_WITH": str.startswith,
    "ENDS_WITH": str.endswith,
    "EXACTLY": lambda path, sought: path == sought,
}

_seen: dict[tuple[str, ...], deque[float]] = defaultdict(deque)


@dataclass(frozen=True)
class _Asked:
    """A request; the query as it was sent, or its parameters."""

    path: str
    query: Any
    body: bytes
    headers: Mapping[str, Any]

    def size(self, field: str) -> int:
        """How long a part of it is."""
        if field == "QueryString":
            text = self.query if isinstance(self.query, str) else urlencode(self.query or {}, doseq=True)
            return len(text)
        return len(self.body or b"") if field == "Body" else len(self.path)


def enforce_web_acls() -> None:
    """Answer 403 where a rule of a stage's or a distribution's web ACL blocks a request.

    A rule that would neither be judged nor is a managed group fails its stack, by name.
    """
    execute, answer = apigateway_v1._execute_in_scope, cloudfront.handle_viewer_request

    async def execute_if_let_in(request: Json, api_id: str, stage: str, method: str, path: str, *rest: Any) -> Any:
        arn = f"arn:aws:apigateway:{responses.get_region()}::/restapis/{api_id}/stages/{stage}"
        headers, body, query = rest[0], rest[1], rest[2]
        if _blocked(waf._associations.get(arn), _Asked(path, query, body, headers)):
            request["stage"] = apigateway_v1._stages_v1.get(api_id, {}).get(stage) or {}
            return apigateway_v1._gw_error("WAF_FILTERED", "Forbidden")
        return await execute(request, api_id, stage, method, path, *rest)

    async def answer_if_let_in(
        dist: Json, method: str, path: str, raw_uri: str, raw_query: str, headers: Json, body: bytes, *rest: Any
    ) -> Any:
        acl = cloudfront._text(cloudfront._dist_config_el(dist), "WebACLId")
        if _blocked(acl, _Asked(path, raw_query, body, headers)):
            return cloudfront._cf_error_response(403, "Request blocked.", cloudfront._ERROR_X_CACHE)
        return await answer(dist, method, path, raw_uri, raw_query, headers, body, *rest)

    apigateway_v1._execute_in_scope = execute_if_let_in
    cloudfront.handle_viewer_request = answer_if_let_in
    _check_web_acls()


def _blocked(arn: str | None, asked: _Asked) -> bool:
    """Whether the first rule that fits a request, or else the default, blocks it."""
    if not arn:
        return False
    acl = next((found for found in waf._web_acls.all_values() if found["ARN"] == arn), None)
    if acl is None:
        return False
    for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"])):
        action = rule.get("Action") or {}
        if _fits(arn, rule, asked) and "Count" not in action:
            return "Block" in action
    return "Block" in acl["DefaultAction"]


def _fits(arn: str, rule: Json, asked: _Asked) -> bool:
    rate = rule["Statement"].get("RateBasedStatement")
    if rate is None:
        return _holds(rule["Statement"], asked)
    who = _who(rate, asked)
    within = "ScopeDownStatement" not in rate or _holds(rate["ScopeDownStatement"], asked)
    return who is not None and within and _too_often((arn, rule["Name"], *who), rate)


def _who(rate: Json, asked: _Asked) -> tuple[str, ...] | None:
    """What the requests of one and the same have alike; None where a request lacks some of it, and is not counted."""
    if rate.get("AggregateKeyType", "IP") == "IP":
        return (responses.get_request_client_ip(),)
    given = {name.lower(): str(value) for name, value in asked.headers.items()}
    values = [given.get(key["Header"]["Name"].lower()) for key in rate["CustomKeys"]]
    return tuple(value for value in values if value) if all(values) else None


def _holds(statement: Json, asked: _Asked) -> bool:
    ((kind, given),) = statement.items()
    if kind == "NotStatement":
        return not _holds(given["Statement"], asked)
    if kind == "OrStatement":
        return any(_holds(one, asked) for one in given["Statements"])
    if kind == "ByteMatchStatement":
        normalizes = "NORMALIZE_PATH" in _transformations(given)
        path = _normalized(asked.path) if normalizes else asked.path
        return _POSITIONS[given["PositionalConstraint"]](path, given["SearchString"])
    if kind == "SizeConstraintStatement":
        size = asked.size(next(iter(given["FieldToMatch"])))
        return bool(_COMPARISONS[given["ComparisonOperator"]](size, int(given["Size"])))
    return False  # a managed group


def _normalized(path: str) -> str:
    """A path without double slashes, and without references to itself and back."""
    end = "/" if path.endswith("/") else ""
    return f"{posixpath.normpath(path).rstrip('/')}{end}".replace("//", "/")


def _too_often(who: tuple[str, ...], rate: Json) -> bool:
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
    if rate := statement.get("RateBasedStatement"):
        found = _of_rate(rate)
    else:
        found = iter(()) if "ManagedRuleGroupStatement" in statement else _of_statement(statement)
    yield from (f"{problem} of {name}" for problem in found)
    yield from (
        f"Action {action} of {name}" for action in sorted(set(rule.get("Action") or {}) - {"Allow", "Block", "Count"})
    )


def _of_rate(rate: Json) -> Iterator[str]:
    kind = rate.get("AggregateKeyType", "IP")
    if kind not in ("IP", "CUSTOM_KEYS"):
        yield f"AggregateKeyType {kind}"
    if kind == "CUSTOM_KEYS":
        for key in rate.get("CustomKeys") or [{"CUSTOM_KEYS without any": {}}]:
            yield from (f"key {one}" for one in sorted(set(key) - {"Header"}))
            yield from _of_transformations(key.get("Header") or {})
    if "ScopeDownStatement" in rate:
        yield from _of_statement(rate["ScopeDownStatement"])


def _of_statement(statement: Json) -> Iterator[str]:
    for kind, given in statement.items():
        if kind == "NotStatement":
            yield from _of_statement(given["Statement"])
        elif kind == "OrStatement":
            for one in given["Statements"]:
                yield from _of_statement(one)
        elif kind in ("ByteMatchStatement", "SizeConstraintStatement"):
            fields = _SIZES if kind == "SizeConstraintStatement" else {"UriPath"}
            yield from (f"FieldToMatch {field}" for field in sorted(set(given.get("FieldToMatch") or {}) - fields))
            yield from _of_transformations(given, {"NORMALIZE_PATH"} if kind == "ByteMatchStatement" else set())
            if kind == "ByteMatchStatement" and given["PositionalConstraint"] not in _POSITIONS:
                yield f"PositionalConstraint {given['PositionalConstraint']}"
        else:
            yield kind


def _of_transformations(given: Json, known: AbstractSet[str] = frozenset()) -> Iterator[str]:
    yield from (f"TextTransformation {kind}" for kind in sorted(_transformations(given) - {"NONE"} - known))


def _transformations(given: Json) -> set[str]:
    return {one["Type"] for one in given.get("TextTransformations") or []}
