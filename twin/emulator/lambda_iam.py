"""Which permission a request to Lambda needs: its operations are told by method and path, as the API's model has them.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from twin.emulator.hooks import Request
from twin.shapes import service_model

# Operations whose permission has another name.
_ACTIONS = {
    "Invoke": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
# Labels that hold an ARN, which may have slashes.
_WITH_SLASHES = ("DurableExecutionArn", "Resource", "ResourceArn")
# Listing layers, and their versions, is not restricted to any.
_ON_NO_RESOURCE = ("ListLayers", "ListLayerVersions")


class _Route(NamedTuple):
    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]


def lambda_action(request: Request) -> str | None:
    """`lambda:<Operation>`, or None for a request that is no operation."""
    operation = lambda_operation(request)
    return f"lambda:{_ACTIONS.get(operation, operation)}" if operation else None


def lambda_operation(request: Request) -> str:
    """The operation's name in the API, or nothing."""
    return _match(request)[0]


def lambda_resource(request: Request) -> str:
    """The ARN that a request names: of a function, with the qualifier that it asks for, of a layer's version, …"""
    operation, labels = _match(request)
    if operation in _ON_NO_RESOURCE:
        return "*"
    prefix = f"arn:aws:lambda:{request.region}:{request.account}:"
    for label in (*_WITH_SLASHES, "CodeSigningConfigArn"):
        if label in labels:
            return labels[label]
    if operation == "GetLayerVersionByArn":
        return _queried(request, "Arn") or "*"
    if function := _function_of(request, operation, labels):
        return _function_arn(prefix, function, _queried(request, "Qualifier"))
    if layer := labels.get("LayerName"):
        arn = layer if layer.startswith("arn:") else f"{prefix}layer:{layer}"
        return f"{arn}:{labels['VersionNumber']}" if "VersionNumber" in labels else arn
    if "UUID" in labels:
        return f"{prefix}event-source-mapping:{labels['UUID']}"
    if "CapacityProviderName" in labels:
        return f"{prefix}capacity-provider:{labels['CapacityProviderName']}"
    return "*"


def _function_of(request: Request, operation: str, labels: Mapping[str, str]) -> str:
    """The function as the request names it: by its name or an ARN, whole or from the account on."""
    if operation == "CreateFunction":
        return str(request.parameters.get("FunctionName", ""))
    return labels.get("FunctionName", "")


def _function_arn(prefix: str, given: str, qualifier: str) -> str:
    if ":function:" in given:
        arn = given if given.startswith("arn:") else f"{':'.join(prefix.split(':')[:4])}:{given}"
    else:
        arn = f"{prefix}function:{given}"
    already_qualified = arn.partition(":function:")[2].count(":") > 0
    return f"{arn}:{qualifier}" if qualifier and not already_qualified else arn


def _queried(request: Request, key: str) -> str:
    values = request.query.get(key) or [""]
    return values[0]


def _match(request: Request) -> tuple[str, Mapping[str, str]]:
    path = unquote(request.path).rstrip("/")
    for route in _routes():
        asked = all(_queried(request, key) == value for key, value in route.query.items())
        if route.method == request.method and asked and (found := route.path.fullmatch(path)):
            return route.operation, found.groupdict()
    return "", {}


@cache
def _routes() -> tuple[_Route, ...]:
    """Every operation of the API; where the path of one fits another too, the one that says more comes first."""
    model = service_model("lambda")
    http = {name: model.operation_model(name).http for name in model.operation_names}
    routes = [_route(name, how["method"], how["requestUri"]) for name, how in http.items()]
    return tuple(sorted(routes, key=lambda route: (len(route.query), route.path.pattern.count("/")), reverse=True))


def _route(operation: str, method: str, uri: str) -> _Route:
    path, _, query = uri.partition("?")
    pattern = re.sub(r"\\\{(\w+)\\\}", _label, re.escape(path.rstrip("/")))
    return _Route(operation, method, re.compile(pattern), dict(parse_qsl(query)))


def _label(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[1] in _WITH_SLASHES else '[^/]+'})"
