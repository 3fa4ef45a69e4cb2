"""Named queries: SQL that is kept under a name, for people and programs to start."""

from __future__ import annotations

import uuid
from typing import Any

from twin.athena.store import NAMED_QUERIES, WORKGROUPS, check
from twin.emulator import hooks
from twin.emulator.hooks import Request

Json = dict[str, Any]
_KEPT = ("Name", "Description", "Database", "QueryString", "WorkGroup")


def register_named_queries() -> None:
    """Provision named queries. CloudFormation replaces one at every change: the id is another one then."""
    hooks.add_cfn_resource("AWS::Athena::NamedQuery", create=_create, update=_update, delete=_delete)


def get_named_query(request: Request) -> Json:
    """GetNamedQuery."""
    check("GetNamedQuery", request.parameters)
    return {"NamedQuery": NAMED_QUERIES.named(request.parameters["NamedQueryId"])}


def list_named_queries(request: Request) -> Json:
    """ListNamedQueries, all of a workgroup at once."""
    check("ListNamedQueries", request.parameters)
    group = request.parameters.get("WorkGroup", "primary")
    return {"NamedQueryIds": [key for key, query in NAMED_QUERIES.all().items() if query["WorkGroup"] == group]}


def batch_get_named_query(request: Request) -> Json:
    """BatchGetNamedQuery."""
    check("BatchGetNamedQuery", request.parameters)
    found = {key: NAMED_QUERIES.find(key) for key in request.parameters["NamedQueryIds"]}
    missing = [{"NamedQueryId": key, "ErrorCode": "NOT_FOUND"} for key, query in found.items() if query is None]
    return {"NamedQueries": [query for query in found.values() if query], "UnprocessedNamedQueryIds": missing}


def _create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    group = properties.get("WorkGroup", "primary")
    WORKGROUPS.named(group)
    key = str(uuid.uuid4())
    kept = {name: properties[name] for name in _KEPT if name in properties}
    NAMED_QUERIES.put(key, {"Name": logical_id, **kept, "WorkGroup": group, "NamedQueryId": key})
    return key, {"NamedQueryId": key}


def _update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:
    if old == new:
        return physical_id, {"NamedQueryId": physical_id}
    return _create(str(NAMED_QUERIES.named(physical_id)["Name"]), new, stack)


def _delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001
    NAMED_QUERIES.remove(physical_id)
