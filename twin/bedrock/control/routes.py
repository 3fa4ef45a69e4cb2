"""Which operation a request names: the control plane is REST, so its method and path say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from twin import shapes
from twin.emulator.hooks import Json, Request


@dataclass(frozen=True)
class Route:
    """An operation with what its path says."""

    operation: str
    parameters: Mapping[str, str]


@cache
def _patterns(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    model = shapes.service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        # What stands in braces may be an ARN, which has slashes of its own.
        path = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(http["requestUri"].partition("?")[0]))
        found.append((str(http["method"]), re.compile(f"{path}/?"), str(name)))
    # The longest first: `…/{job}/stop` before `…/{job}`.
    return sorted(found, key=lambda route: -len(route[1].pattern))


def route_of(request: Request, service: str = "bedrock") -> Route | None:
    """The operation of a request, or None where there is none like it."""
    path = unquote(request.path)
    for method, pattern, operation in _patterns(service):
        if method == request.method and (matched := pattern.fullmatch(path)):
            return Route(operation, matched.groupdict())
    return None


def parameters_of(request: Request, route: Route) -> Json:
    """The operation's parameters, those of the path and of the query among them."""
    query = {name: values[-1] for name, values in request.query.items()}
    return {**request.parameters, **query, **route.parameters}
