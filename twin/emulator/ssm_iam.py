"""Which permission a request to Systems Manager's parameter store needs: on each parameter, or on the path.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.emulator.hooks import Permission, Request


def ssm_action(request: Request) -> str | None:
    """`ssm:<Operation>`."""
    return f"ssm:{request.operation}"


def ssm_resource(request: Request) -> str:
    """The ARN of the first parameter that the request names, or of its path."""
    return next(iter(_parameters(request)), "*")


def further_parameters(request: Request) -> Iterable[Permission]:
    """The same permission on each further parameter."""
    yield from (Permission(f"ssm:{request.operation}", parameter) for parameter in _parameters(request)[1:])


def _parameters(request: Request) -> list[str]:
    given, operation = request.parameters, request.operation or ""
    if operation.endswith(("TagsToResource", "TagsFromResource", "TagsForResource")):
        names = [given.get("ResourceId")] if given.get("ResourceType") == "Parameter" else []
    elif operation == "GetParametersByPath":
        names = [given.get("Path")]
    elif "Parameter" in operation and operation != "DescribeParameters":
        names = [given.get("Name"), *given.get("Names", [])]
    else:
        names = []
    return [_arn(request, name) for name in names if name]


def _arn(request: Request, name: str) -> str:
    if name.startswith("arn:"):
        return name
    # A version or a label may follow the name.
    return f"arn:aws:ssm:{request.region}:{request.account}:parameter/{name.partition(':')[0].removeprefix('/')}"
