"""Which permission a request to Athena needs: on the workgroup, which executions and named queries belong to.

Resources are those of AWS's service authorization reference.
"""

from __future__ import annotations

from twin.athena.store import EXECUTIONS, NAMED_QUERIES
from twin.emulator.hooks import Request


def athena_action(request: Request) -> str | None:
    """`athena:<Operation>`."""
    return f"athena:{request.operation}"


def athena_resource(request: Request) -> str:
    """The ARN of the workgroup; of what does not exist, every workgroup's."""
    given = request.parameters
    if request.operation in ("ListWorkGroups", "ListDataCatalogs", "ListEngineVersions"):
        return "*"
    if execution := EXECUTIONS.find(str(given.get("QueryExecutionId"))):
        name = execution["WorkGroup"]
    elif "NamedQueryId" in given or "NamedQueryIds" in given:
        found = NAMED_QUERIES.find(str(given.get("NamedQueryId") or (given.get("NamedQueryIds") or [""])[0]))
        name = found["WorkGroup"] if found else "*"
    else:
        name = given.get("WorkGroup") or ("*" if "QueryExecutionId" in given else "primary")
    return f"arn:aws:athena:{request.region}:{request.account}:workgroup/{name}"
