"""Which permission a request to Athena needs: on the workgroup, which executions and named queries belong to.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from twin.athena.store import EXECUTIONS, NAMED_QUERIES, Store
from twin.emulator.hooks import Permission, Request

_KEYS: dict[str, Store] = {
    "QueryExecutionId": EXECUTIONS,
    "QueryExecutionIds": EXECUTIONS,
    "NamedQueryId": NAMED_QUERIES,
    "NamedQueryIds": NAMED_QUERIES,
}


def athena_action(request: Request) -> str | None:
    """`athena:<Operation>`."""
    return f"athena:{request.operation}"


def athena_resource(request: Request) -> str:
    """The ARN of the workgroup; of what does not exist, every workgroup's. Of several, the first."""
    if request.operation in ("ListWorkGroups", "ListDataCatalogs", "ListEngineVersions"):
        return "*"
    return _workgroups(request)[0]


def further_workgroups(request: Request) -> Iterator[Permission]:
    """The same on the workgroups of the other executions or queries that a request names."""
    for workgroup in _workgroups(request)[1:]:
        yield Permission(f"athena:{request.operation}", workgroup)


def _workgroups(request: Request) -> list[str]:
    prefix = f"arn:aws:athena:{request.region}:{request.account}:workgroup/"
    return [f"{prefix}{name}" for name in dict.fromkeys(_names(request.parameters))]


def _names(given: Mapping[str, Any]) -> list[str]:
    asked = [(store, given[key]) for key, store in _KEYS.items() if key in given]
    if not asked:
        return [given.get("WorkGroup") or "primary"]
    records = [store.find(str(key)) for store, keys in asked for key in (keys if isinstance(keys, list) else [keys])]
    return [record["WorkGroup"] for record in records if record] or ["*"]
