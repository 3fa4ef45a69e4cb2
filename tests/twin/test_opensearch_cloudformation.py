"""Collections, their policies and indexes in stacks: made, changed in place or replaced, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twin.collections import (
    Endpoint,
    a_name,
    knn,
    resources,
)
from tests.twin.helpers import Json, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Any:
    """A client of the account."""
    return emulator.client("opensearchserverless")


def status(stack: Json) -> str:
    return str(stack["StackStatus"])


def endpoint_of(client: Any, name: str) -> str:
    [found] = client.batch_get_collection(names=[name])["collectionDetails"]
    return str(found["collectionEndpoint"])


def test_a_stack_makes_a_collection_that_finds_what_is_written_and_takes_it_away(
    emulator: Emulator, client: Any
) -> None:
    stack, name = Stack(emulator), a_name()
    named = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Collection", "Arn"]}},
    }
    made = stack.create(**resources(name), Named=named)
    assert status(made) == "CREATE_COMPLETE", stack.reasons()
    [found] = client.batch_get_collection(ids=[stack.reference("Collection")])["collectionDetails"]
    assert (found["status"], found["type"], found["kmsKeyArn"]) == ("ACTIVE", "VECTORSEARCH", "auto")
    assert found["arn"] == f"arn:aws:aoss:{REGION}:{ACCOUNT_ID}:collection/{found['id']}"
    parameter = emulator.client("ssm").get_parameter(Name=stack.reference("Named"))["Parameter"]
    assert parameter["Value"] == found["arn"]
    assert stack.reference("Index") == f"passages|{found['collectionEndpoint']}"
    assert stack.reference("Encryption") == f"encryption|{name}-enc"
    endpoint = Endpoint(emulator, found["collectionEndpoint"])
    [near, _] = endpoint.add(
        {"vector": [1, 0, 0], "owner": "a", "page": 1, "text": "near"}, {"vector": [0, 1, 0], "owner": "a"}
    )
    wait_until(endpoint.count, lambda count: count == 2)
    best = endpoint.search(query=knn(1, 0, 0))["hits"][0]
    assert (best["_id"], best["_score"]) == (near, 2.0)
    assert best["_source"] == {"vector": [1, 0, 0], "owner": "a", "page": 1, "text": "near"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert client.batch_get_collection(names=[name])["collectionDetails"] == []
    assert endpoint.send("GET", "/passages/_count").status_code == 404
