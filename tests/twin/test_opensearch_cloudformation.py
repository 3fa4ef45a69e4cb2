"""Collections, their policies and indexes in stacks: made, changed in place or replaced, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twin.collections import (
    FIELDS,
    FOREVER,
    ROOT,
    Endpoint,
    a_name,
    access,
    collection,
    encryption,
    index,
    knn,
    network,
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


def test_what_can_change_is_changed_in_place_and_the_rest_wants_another_name(emulator: Emulator, client: Any) -> None:
    stack, name = Stack(emulator), a_name()
    first = resources(name)
    assert status(stack.create(**first)) == "CREATE_COMPLETE", stack.reasons()
    made = {kind: stack.reference(kind) for kind in first}
    endpoint = Endpoint(emulator, endpoint_of(client, name))
    more = {"Mappings": {"Properties": {**FIELDS, "tag": {"Type": "keyword"}}}}
    changed = {
        **first,
        "Access": access(name, ROOT, permissions=("aoss:ReadDocument", "aoss:UpdateIndex", "aoss:DescribeIndex")),
        "Collection": collection(name, Description="Passages", DeletionProtection="ENABLED"),
        "Index": index(FOREVER, **more),
    }
    assert status(stack.update(**changed)) == "UPDATE_COMPLETE", stack.reasons()
    assert {kind: stack.reference(kind) for kind in first} == made
    [found] = client.batch_get_collection(names=[name])["collectionDetails"]
    assert (found["description"], found["deletionProtection"]) == ("Passages", "ENABLED")
    shown = endpoint.send("GET", "/passages").json()["passages"]
    assert shown["mappings"]["properties"]["tag"] == {"type": "keyword"}
    assert shown["settings"]["index"]["refresh_interval"] == FOREVER
    assert endpoint.send("POST", "/passages/_doc", {"vector": [1, 0, 0]}).status_code == 403
    longer = {**FIELDS, "vector": {**FIELDS["vector"], "Dimension": 4}, "tag": {"Type": "keyword"}}
    for part, told in (
        ({"Index": index(Mappings={"Properties": longer})}, "Mapper for [vector] conflicts with existing mapping"),
        ({"Collection": collection(name, StandbyReplicas="ENABLED")}, f"Rename {name} and update the stack again"),
    ):
        assert status(stack.update(**{**changed, **part})) == "UPDATE_ROLLBACK_COMPLETE"
        assert told in stack.reasons()
    renamed = {**changed, "Index": index(IndexName="anew")}
    renamed["Access"] = access(name, ROOT)
    assert status(stack.update(**renamed)) == "UPDATE_COMPLETE", stack.reasons()
    assert endpoint.send("HEAD", "/passages").status_code == 404
    assert endpoint.send("HEAD", "/anew").status_code == 200
    assert stack.delete() == "DELETE_FAILED"
    assert "has deletion protection enabled" in stack.reasons()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"Encryption": encryption("another-name")}, "No matching security policy of encryption type found"),
        ({"Network": network("another-name")}, "No network policy lets CloudFormation reach"),
        ({"Collection": collection("a-search", Type="SEARCH")}, "are of type VECTORSEARCH, not SEARCH"),
        ({"Collection": collection("a-group", CollectionGroupName="all")}, "has no property CollectionGroupName"),
        ({"Index": index(IndexName="Upper")}, "Invalid index name [Upper]"),
        ({"Index": index(Settings={"Index": {"Knn": False}})}, "needs the setting index.knn: true"),
        ({"Index": index(Mappings={"Properties": {"owner": {"Type": "keyword"}}})}, "one field of type knn_vector"),
    ],
)
def test_what_cannot_be_made_fails_the_stack_with_the_reason(
    emulator: Emulator, changed: dict[str, Json], complaint: str
) -> None:
    stack = Stack(emulator)
    assert status(stack.create(**resources(a_name(), **changed))) == "ROLLBACK_COMPLETE"
    assert complaint in stack.reasons()
