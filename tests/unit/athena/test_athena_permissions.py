"""A request is judged on the workgroup of every execution and query that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from twin.athena.iam import athena_resource, further_workgroups
from twin.athena.store import EXECUTIONS, NAMED_QUERIES
from twin.emulator.hooks import Request

BATCHES = {"BatchGetNamedQuery": "NamedQueryIds", "BatchGetQueryExecution": "QueryExecutionIds"}


@pytest.fixture(autouse=True)
def _records() -> Iterator[None]:
    for store in (EXECUTIONS, NAMED_QUERIES):
        for group in ("ours", "theirs"):
            store.put(f"of-{group}", {"WorkGroup": group})
    yield
    for store in (EXECUTIONS, NAMED_QUERIES):
        for group in ("ours", "theirs"):
            store.remove(f"of-{group}")


def judged(operation: str, **parameters: Any) -> list[tuple[str, str]]:
    """The action and the workgroup of every permission that the request needs."""
    headers = {"x-amz-target": f"AmazonAthena.{operation}"}
    request = Request("athena", "POST", "/", headers, json.dumps(parameters).encode())
    first = (f"athena:{operation}", athena_resource(request))
    found = [first, *((needed.action, needed.resource) for needed in further_workgroups(request))]
    return [(action, resource.rpartition("/")[2]) for action, resource in found]


@pytest.mark.parametrize(("operation", "key"), BATCHES.items())
def test_a_batch_is_judged_on_the_workgroups_of_all_its_ids(operation: str, key: str) -> None:
    assert judged(operation, **{key: ["of-ours", "of-theirs", "of-ours"]}) == [
        (f"athena:{operation}", "ours"),
        (f"athena:{operation}", "theirs"),
    ]


@pytest.mark.parametrize(("operation", "key"), BATCHES.items())
def test_an_id_that_does_not_exist_needs_nothing_beside_those_that_do(operation: str, key: str) -> None:
    assert judged(operation, **{key: ["none", "of-theirs"]}) == [(f"athena:{operation}", "theirs")]
    assert judged(operation, **{key: ["none"]}) == [(f"athena:{operation}", "*")]


@pytest.mark.parametrize(
    ("operation", "parameters", "workgroup"),
    [
        ("GetQueryExecution", {"QueryExecutionId": "of-theirs"}, "theirs"),
        ("GetQueryExecution", {"QueryExecutionId": "none"}, "*"),
        ("GetNamedQuery", {"NamedQueryId": "of-ours"}, "ours"),
        ("StartQueryExecution", {"WorkGroup": "ours"}, "ours"),
        ("StartQueryExecution", {}, "primary"),
        ("ListWorkGroups", {}, "*"),
    ],
)
def test_any_other_request_is_judged_on_one_workgroup(
    operation: str, parameters: dict[str, str], workgroup: str
) -> None:
    assert judged(operation, **parameters) == [(f"athena:{operation}", workgroup)]
