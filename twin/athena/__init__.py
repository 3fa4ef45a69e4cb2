"""Athena: named queries in their workgroup, run on DuckDB over the JSON tables of the Glue catalogue in S3.

Every query reads and writes as its caller, so that IAM judges it as on AWS. The emulator has an Athena too: it takes
no parameters, lets projected partitions be, and answers with what was made up where DuckDB is missing.
"""

from collections.abc import Callable
from typing import Any

from twin.athena.executions import get_query_execution, get_query_results, start_query_execution, wait_for_all
from twin.athena.named_queries import (
    batch_get_named_query,
    get_named_query,
    list_named_queries,
    register_named_queries,
)
from twin.athena.store import EXECUTIONS, NAMED_QUERIES, WORKGROUPS
from twin.athena.workgroups import get_work_group, list_work_groups, register_workgroups
from twin.emulator import hooks
from twin.emulator.hooks import Request, ServiceError

_OPERATIONS: dict[str, Callable[[Request], dict[str, Any]]] = {
    "BatchGetNamedQuery": batch_get_named_query,
    "GetNamedQuery": get_named_query,
    "GetQueryExecution": get_query_execution,
    "GetQueryResults": get_query_results,
    "GetWorkGroup": get_work_group,
    "ListNamedQueries": list_named_queries,
    "ListWorkGroups": list_work_groups,
    "StartQueryExecution": start_query_execution,
}


def register() -> None:
    """Serve Athena, and provision its workgroups and named queries."""
    hooks.add_service("athena", _serve, target_prefix="AmazonAthena")
    register_workgroups()
    register_named_queries()
    hooks.persist("athena_workgroups", WORKGROUPS.all, WORKGROUPS.load)
    hooks.persist("athena_named_queries", NAMED_QUERIES.all, NAMED_QUERIES.load)
    hooks.persist("athena_executions", EXECUTIONS.all, EXECUTIONS.load)
    hooks.on_shutdown(wait_for_all)


def _serve(request: Request) -> dict[str, Any]:
    handler = _OPERATIONS.get(request.operation or "")
    if handler is None:
        known = ", ".join(sorted(_OPERATIONS))
        message = f"The twin's Athena does not serve {request.operation}; it serves {known}."
        raise ServiceError("InvalidRequestException", message)
    return handler(request)
