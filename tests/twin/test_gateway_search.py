"""Documents whose vectors lie in OpenSearch Serverless, in a collection as the gateway's stack makes it.

The function's role is the stack's own, with what the construct grants it and what its other stores need.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.gateway.exchange import Caller
from lambdas.gateway.models import clients
from lambdas.gateway.retrieval import catalogue
from lambdas.gateway.retrieval.collection import Index
from lambdas.gateway.retrieval.documents import Documents
from tests.twin.conversations import EMBEDDING
from tests.twin.documents import BIRDS, Settings
from tests.twin.helpers import Json, make_gateway_table, unique, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION

QUESTION = "Which bird hunts in ponds?"
DEPLOYING = f"arn:aws:iam::{ACCOUNT_ID}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT_ID}-{REGION}"
"""The role that the CDK CLI gives to stacks."""
TABLE_ACTIONS = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")


def resources(name: str, bucket: str, table: str) -> dict[str, Json]:
    """The construct's resources, with a key and a role, as a template has them."""
    import aws_cdk as cdk
    from aws_cdk import assertions
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms

    from cdk_app.constructs.grants import allow
    from cdk_app.constructs.search_collection import SearchCollection

    removal = cdk.RemovalPolicy.DESTROY
    stack = cdk.Stack(cdk.App(analytics_reporting=False), "Search")
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    search = SearchCollection(
        stack,
        "Search",
        name=name,
        index_name="passages",
        dimension=384,
        key=kms.Key(stack, "Key", removal_policy=removal),
        standby=False,
    )
    search.use(role)
    allow(role, ["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"])
    allow(role, ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{bucket}/*"])
    allow(role, TABLE_ACTIONS, [f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{table}"])
    allow(role, ["bedrock:InvokeModel"], [EMBEDDING])
    return dict(assertions.Template.from_stack(stack).to_json()["Resources"])


@dataclass(frozen=True)
class Search:
    """The collection's index, as the function's role sees it, and the table with the list of documents."""

    index: Index
    table: str

    def shown(self) -> list[Json]:
        """What a search finds of all callers."""
        return self.index.search(100, {"match_all": {}}, ["document_id", "passage", "name", "text"])

    def listed(self, caller: Caller) -> int:
        """How many items the journal has of a caller."""
        return len(catalogue.Catalogue(self.table).entries(caller.id))


@pytest.fixture(scope="module")
def search(emulator: Emulator) -> Iterator[Search]:
    """A deployed collection, and the environment of the function."""
    bucket, table, name, stack = unique("documents"), unique("gateway"), unique("s"), Stack(emulator, DEPLOYING)
    emulator.client("s3").create_bucket(Bucket=bucket)
    make_gateway_table(emulator, table)
    made = resources(name, bucket, table)
    assert stack.create(**made)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    [found] = emulator.client("opensearchserverless").batch_get_collection(names=[name])["collectionDetails"]
    (role,) = (stack.reference(logical) for logical, one in made.items() if one["Type"] == "AWS::IAM::Role")
    session = emulator.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/{role}", RoleSessionName="gateway"
    )["Credentials"]
    environment = {
        **emulator.environment(),
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
        "DOCUMENTS_BUCKET": bucket,
        "GATEWAY_TABLE": table,
        "VECTOR_ENDPOINT": found["collectionEndpoint"],
        "VECTOR_INDEX": "passages-384",
    }
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        clients.forget()
        yield Search(Index(found["collectionEndpoint"], "passages-384"), table)
        clients.forget()
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.fixture
def caller() -> Caller:
    """Somebody who has no documents yet."""
    return Caller(f"user:{unique('ann')}", "user")


def new_process() -> Documents:
    """The documents as an execution environment has them that has written none."""
    return Documents.from_environment(Settings())


def by_meaning(documents: Documents, caller: Caller) -> list[Any]:
    """The passages that were found by their vectors, once there are some."""
    return list(
        wait_until(
            lambda: documents.search(caller, QUESTION, 2), lambda found: all(one.cosine is not None for one in found)
        )
    )


def test_a_document_is_found_by_its_meaning_once_the_collection_shows_it_and_no_more_once_it_is_removed(
    search: Search, caller: Caller
) -> None:
    added = new_process().add(caller, "birds.html", "text/html", BIRDS)
    best, other = by_meaning(new_process(), caller)
    assert (best.document_id, best.text.splitlines()[0]) == (added.id, "Herons")
    assert 1 >= best.cosine > other.cosine > 0
    shown = {(hit["_source"]["passage"], hit["_source"]["text"].splitlines()[0]) for hit in search.shown()}
    assert shown == {(0, "Herons"), (1, "Larks")}
    new_process().remove(caller, added.id)
    assert new_process().search(caller, QUESTION, 2) == []
    wait_until(search.shown, lambda hits: not hits)


def test_what_is_removed_before_the_collection_shows_it_is_never_found_and_goes_with_the_next_change(
    search: Search, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    added = new_process().add(caller, "birds.html", "text/html", BIRDS)
    new_process().remove(caller, added.id)
    if search.listed(caller):  # unless the machine is so slow that the collection has shown it by then
        wait_until(search.shown, lambda hits: len(hits) == added.passages)
    assert new_process().search(caller, QUESTION, 2) == []
    with pytest.raises(Exception, match="no such document"):
        new_process().remove(caller, added.id)
    wait_until(search.shown, lambda hits: not hits)
    assert not search.listed(caller)


def test_nobody_finds_anothers_passages(search: Search, caller: Caller) -> None:
    bob = Caller("partner:bob", "partner")
    mine = new_process().add(caller, "birds.html", "text/html", BIRDS)
    yours = new_process().add(bob, "birds.html", "text/html", BIRDS)
    wait_until(search.shown, lambda hits: len(hits) == mine.passages + yours.passages)
    assert {found.document_id for found in by_meaning(new_process(), bob)} == {yours.id}
    new_process().remove(caller, mine.id)
    assert {found.document_id for found in by_meaning(new_process(), bob)} == {yours.id}
    new_process().remove(bob, yours.id)
    wait_until(search.shown, lambda hits: not hits)
