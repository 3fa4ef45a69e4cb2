"""Who may do what with collections: IAM, data access policies and network policies, all of which have to agree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.collections import ROOT, Endpoint, a_name, access, encryption, knn, lines, network, resources
from tests.twin.helpers import Json, allow, make_role, unique, user_client
from tests.twin.stack import Stack
from tests.twin.vectors import denied, refused
from twin.emulator import Emulator

DOCUMENT = {"vector": [1, 0, 0], "owner": "a"}
SEARCH = {"query": knn(1, 0, 0)}
DOOR = {"reason": "403 Forbidden", "type": "Forbidden"}
READ, WRITE = "aoss:ReadDocument", "aoss:WriteDocument"


class Account:
    """A collection, a role that may read it, and one whose permissions are half of what it needs."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.name, self.stack = emulator, a_name(), Stack(emulator)
        self.reader = make_role(emulator, "lambda", allow("aoss:APIAccessAll"))
        self.stranger = make_role(emulator, "lambda", allow("aoss:APIAccessAll"))
        self.outsider = make_role(emulator, "lambda", allow("aoss:*", "arn:aws:aoss:*:*:collection/another"))
        readers = access(self.name, self.reader, self.outsider, permissions=(READ,), index="pass*")
        readers["Properties"]["Name"] = f"{self.name}-read"
        made = self.stack.create(**resources(self.name), Readers=readers)
        assert made["StackStatus"] == "CREATE_COMPLETE", self.stack.reasons()
        self.id = self.stack.reference("Collection")
        client = emulator.client("opensearchserverless")
        [found] = client.batch_get_collection(ids=[self.id])["collectionDetails"]
        self.arn, self.url = found["arn"], found["collectionEndpoint"]

    def as_role(self, role: str) -> Endpoint:
        """The endpoint as a session of a role meets it."""
        session = self.emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return Endpoint(
            self.emulator,
            self.url,
            {
                "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
                "AWS_SESSION_TOKEN": session["SessionToken"],
            },
        )


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def refusal(answer: Any) -> Any:
    """Why a request is refused, of one that is."""
    assert answer.status_code == 403, answer.text
    return answer.json()["error"]


def test_a_role_in_a_data_access_policy_does_what_it_gives_and_nothing_else(account: Account) -> None:
    endpoint = account.as_role(account.reader)
    assert endpoint.send("POST", "/passages/_search", SEARCH).status_code == 200
    for path, body in (("/passages/_bulk", lines(DOCUMENT)), ("/_bulk", lines(DOCUMENT))):
        assert refusal(endpoint.send("POST", path, body))["type"] == "security_exception"
    for path in ("/passages", "/another/_search"):
        assert "does not have permissions" in refusal(endpoint.send("GET", path))["reason"]


def test_a_role_that_no_data_access_policy_names_does_nothing(account: Account) -> None:
    answer = account.as_role(account.stranger).send("POST", "/passages/_search", SEARCH)
    assert refusal(answer)["type"] == "security_exception"


def test_a_data_access_policy_does_not_make_up_for_the_permission_of_iam(account: Account) -> None:
    assert refusal(account.as_role(account.outsider).send("POST", "/passages/_search", SEARCH)) == DOOR
    events = [json.loads(line) for line in account.emulator.events_file.read_text().splitlines()]
    named = {event.get("resource") for event in events if event.get("action") == "aoss:APIAccessAll"}
    assert account.arn in named


def test_a_permission_is_on_the_collection_and_may_be_conditional(emulator: Emulator, account: Account) -> None:
    iam = emulator.client("iam")
    for conditions, status in (
        ({"StringEquals": {"aoss:collection": account.name, "aoss:CollectionId": account.id}}, 200),
        ({"StringEquals": {"aoss:collection": "another"}}, 403),
    ):
        document = {"Version": "2012-10-17", "Statement": [{**allow("aoss:*", account.arn), "Condition": conditions}]}
        role = account.outsider.rpartition("/")[2]
        iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(document))
        assert account.as_role(account.outsider).send("POST", "/passages/_search", SEARCH).status_code == status
        iam.delete_role_policy(RoleName=role, PolicyName="more")


def test_a_request_is_signed_for_the_service_with_the_hash_of_its_body(emulator: Emulator, account: Account) -> None:
    endpoint = account.as_role(account.reader)
    search = "/passages/_search"
    assert refusal(endpoint.send("POST", search, SEARCH, **{"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})) == DOOR
    wrong = Endpoint(emulator, account.url, {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "s"})
    assert refusal(wrong.send("POST", search, SEARCH)) == DOOR
    assert refusal(endpoint.send("POST", search, SEARCH, service="es")) == DOOR
    assert refusal(endpoint.send("POST", search, SEARCH, service="")) == DOOR


def test_without_a_network_policy_for_everyone_nobody_gets_in(emulator: Emulator) -> None:
    stack, name = Stack(emulator), a_name()
    parts = {**resources(name), "Network": network(name, public=False)}
    index = parts.pop("Index")
    assert stack.create(**parts)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    client = emulator.client("opensearchserverless")
    [found] = client.batch_get_collection(names=[name])["collectionDetails"]
    endpoint = Endpoint(emulator, found["collectionEndpoint"])
    assert refusal(endpoint.send("GET", "/passages/_count")) == DOOR
    assert stack.update(**parts, Index=index)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert f"No network policy lets CloudFormation reach {name}" in stack.reasons()
    assert stack.update(**{**parts, "Network": network(name)}, Index=index)["StackStatus"] == "UPDATE_COMPLETE"
    assert endpoint.send("GET", "/passages/_count").status_code == 200


def test_an_index_is_made_only_where_a_data_access_policy_gives_it_to_somebody(emulator: Emulator) -> None:
    stack, name = Stack(emulator), a_name()
    parts = resources(name, ROOT, Access=access(name, ROOT, permissions=(READ, WRITE)))
    assert stack.create(**parts)["StackStatus"] == "ROLLBACK_COMPLETE", stack.reasons()
    assert f"No data access policy gives anybody aoss:CreateIndex on index/{name}/passages" in stack.reasons()


def test_the_role_that_a_stack_is_given_needs_the_permission_itself(emulator: Emulator) -> None:
    iam_role = make_role(emulator, "cloudformation", allow("*"))
    for principals, status in (((ROOT,), "ROLLBACK_COMPLETE"), ((ROOT, iam_role), "CREATE_COMPLETE")):
        stack, name = Stack(emulator, role=iam_role), a_name()
        assert stack.create(**resources(name, *principals))["StackStatus"] == status, stack.reasons()
        told = f"gives {iam_role} aoss:CreateIndex on index/{name}/passages" in stack.reasons()
        assert told == (status == "ROLLBACK_COMPLETE")


def test_each_operation_asks_for_its_action_on_what_it_names(emulator: Emulator, account: Account) -> None:
    client = user_client(emulator, "opensearchserverless")
    policy: Json = {"type": "encryption", "name": "mine", "policy": "{}"}
    tag = {"resourceArn": account.arn}
    asked = {
        denied(client.list_collections): "aoss:ListCollections *",
        denied(client.batch_get_collection, ids=[account.id]): "aoss:BatchGetCollection *",
        denied(client.create_collection, name="mine", type="VECTORSEARCH"): "aoss:CreateCollection *",
        denied(client.delete_collection, id=account.id): f"aoss:DeleteCollection {account.arn}",
        denied(client.update_collection, id=account.id): f"aoss:UpdateCollection {account.arn}",
        denied(client.create_security_policy, **policy): "aoss:CreateSecurityPolicy *",
        denied(client.list_access_policies, type="data"): "aoss:ListAccessPolicies *",
        denied(client.list_tags_for_resource, **tag): f"aoss:ListTagsForResource {account.arn}",
        denied(client.tag_resource, **tag, tags=[]): f"aoss:TagResource {account.arn}",
    }
    assert list(asked) == list(asked.values())


def test_whoever_chooses_a_key_or_tags_needs_the_permissions_for_it(emulator: Emulator) -> None:
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = user_client(emulator, "opensearchserverless", allow(["aoss:Create*"]), allow("kms:DescribeKey", key))
    rules = [{"ResourceType": "collection", "Resource": [f"collection/{unique('c')}"]}]
    policy = json.dumps({"Rules": rules, "KmsARN": key})
    made = {"type": "encryption", "name": unique("p"), "policy": policy}
    assert denied(client.create_security_policy, **made) == f"kms:CreateGrant {key}"
    tagged = {"name": unique("c"), "type": "VECTORSEARCH", "tags": [{"key": "a", "value": "b"}]}
    assert denied(client.create_collection, **tagged) == "aoss:TagResource *"


def test_a_collection_is_as_usable_as_its_key(emulator: Emulator) -> None:
    kms, stack, name = emulator.client("kms"), Stack(emulator), a_name()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    parts = resources(name, Encryption=encryption(name, AWSOwnedKey=False, KmsARN=key))
    assert stack.create(**parts)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    client = emulator.client("opensearchserverless")
    [found] = client.batch_get_collection(names=[name])["collectionDetails"]
    endpoint = Endpoint(emulator, found["collectionEndpoint"])
    assert (found["kmsKeyArn"], endpoint.count()) == (key, 0)
    kms.disable_key(KeyId=key)
    told = refusal(endpoint.send("GET", "/passages/_count"))
    assert (told["type"], told["reason"]) == ("AccessDeniedException", f"The key {key} is Disabled.")
    kms.enable_key(KeyId=key)
    assert endpoint.count() == 0
    another, nowhere = a_name(), key[:-4] + "0000"
    made = {"type": "encryption", "name": another}
    client.create_security_policy(**made, policy=encryption(another, KmsARN=nowhere)["Properties"]["Policy"])
    message = refused(client.create_collection, name=another, type="VECTORSEARCH")
    assert message == f"ValidationException: The KMS key {nowhere} cannot be used: there is none."


def test_what_the_emulator_has_no_answer_to_is_refused_by_name(emulator: Emulator) -> None:
    client = emulator.client("opensearchserverless")
    message = refused(client.create_lifecycle_policy, type="retention", name="mine", policy="{}")
    assert message == "UnknownOperationException: Unknown operation: CreateLifecyclePolicy"
    message = refused(client.create_collection, name=unique("c"), type="SEARCH")
    assert message == "ValidationException: The twin's collections are of type VECTORSEARCH, not SEARCH."
    name = unique("c")
    message = refused(client.create_collection, name=name, type="VECTORSEARCH")
    expected = f"No matching security policy of encryption type found for collection name: {name}."
    assert message.startswith(f"ValidationException: {expected}")
