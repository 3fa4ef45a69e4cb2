"""Documents against the twin's S3, DynamoDB, S3 Vectors and Bedrock, with no more permissions than they need."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.documents import Documents
from lambdas.gateway.retrieval.search import relevant
from lambdas.shared import aws
from lambdas.shared.embedding import Vector
from tests.twin.conversations import EMBEDDING
from tests.twin.documents import BIRDS, Settings
from tests.twin.helpers import allow, make_gateway_table, unique
from tests.twin.vectors import make_bucket, make_index
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION

ANN, BOB = Caller("user:ann", "user"), Caller("partner:bob", "partner")


@dataclass(frozen=True)
class Account:
    """Where the documents lie."""

    emulator: Emulator
    bucket: str
    table: str
    vectors: dict[str, str]

    def keys(self) -> list[str]:
        listed = self.emulator.client("s3").list_objects_v2(Bucket=self.bucket)
        return [item["Key"] for item in listed.get("Contents", [])]

    def originals(self) -> list[str]:
        return [key for key in self.keys() if key.startswith("originals/")]

    def stored_vectors(self) -> list[str]:
        listed = self.emulator.client("s3vectors").list_vectors(**self.vectors, maxResults=500)
        return sorted(vector["key"] for vector in listed["vectors"])

    def items(self) -> list[Any]:
        return list(self.emulator.client("dynamodb").scan(TableName=self.table)["Items"])


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    bucket, table = unique("documents"), unique("gateway")
    emulator.client("s3").create_bucket(Bucket=bucket)
    make_gateway_table(emulator, table)
    configuration = {"nonFilterableMetadataKeys": ["name", "passage", "text"]}
    vectors = make_index(emulator, make_bucket(emulator), dimension=384, metadataConfiguration=configuration)
    return Account(emulator, bucket, table, vectors)


@pytest.fixture(scope="module")
def documents(account: Account) -> Iterator[Documents]:
    """Documents of a user who may do what docs/retrieval.md lists, and nothing else."""
    vectors = account.vectors
    index = f"arn:aws:s3vectors:{REGION}:{ACCOUNT_ID}:bucket/{vectors['vectorBucketName']}/index/{vectors['indexName']}"
    statements = [
        allow("s3:ListBucket", f"arn:aws:s3:::{account.bucket}"),
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{account.bucket}/lexical/*"),
        allow(["s3:PutObject", "s3:DeleteObject"], f"arn:aws:s3:::{account.bucket}/originals/*"),
        allow([f"s3vectors:{name}" for name in ("PutVectors", "DeleteVectors", "QueryVectors", "GetVectors")], index),
        allow(
            [f"dynamodb:{name}" for name in ("Query", "PutItem", "UpdateItem", "DeleteItem")],
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{account.table}",
        ),
        allow("bedrock:InvokeModel", EMBEDDING),
    ]
    iam, name = account.emulator.client("iam"), unique("gateway")
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="permissions", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    with pytest.MonkeyPatch.context() as patch:
        environment = {
            **account.emulator.environment(),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "DOCUMENTS_BUCKET": account.bucket,
            "GATEWAY_TABLE": account.table,
            "VECTOR_BUCKET": vectors["vectorBucketName"],
            "VECTOR_INDEX": vectors["indexName"],
        }
        for variable, value in environment.items():
            patch.setenv(variable, value)
        aws.forget()
        yield Documents.from_environment(Settings())
        aws.forget()


def test_a_document_is_found_by_what_it_means_and_refused_where_it_means_something_else(documents: Documents) -> None:
    added = documents.add(ANN, "birds.html", "text/html", BIRDS)
    best, *_ = documents.search(ANN, "Which bird hunts in ponds?", 2)
    assert (best.document_id, best.text.splitlines()[0]) == (added.id, "Herons")
    assert best.cosine is not None
    assert relevant(documents.search(ANN, "How do herons wait for fish in shallow water?", 2), 0.31)
    assert not relevant(documents.search(ANN, "How do I file a tax return?", 2), 0.31)


def test_two_writers_keep_what_both_have_added_and_a_third_one_reads_it(documents: Documents, account: Account) -> None:
    other = Documents.from_environment(Settings())
    documents.add(ANN, "owls.txt", "text/plain", b"Owls hunt at night.")
    other.add(ANN, "crows.md", "text/markdown", b"# Crows\nThey use tools.")
    reader = Documents.from_environment(Settings())
    names = {found.name for found in reader.search(ANN, "Which birds use tools, and which hunt at night?", 9)}
    assert {"owls.txt", "crows.md"} <= names
    assert {"owls.txt", "crows.md"} <= {document.name for document in reader.list(ANN)}


def test_nobody_finds_lists_or_removes_anothers(documents: Documents) -> None:
    mine = documents.add(ANN, "birds.html", "text/html", BIRDS)
    yours = documents.add(BOB, "birds.html", "text/html", BIRDS)
    assert mine.id != yours.id
    assert {found.document_id for found in documents.search(BOB, "Which bird hunts in ponds?", 9)} == {yours.id}
    assert [document.id for document in documents.list(BOB)] == [yours.id]


def too_short() -> Generator[tuple[int, int], None, list[Vector]]:
    yield 2, 2
    return [(1.0,), (1.0,)]


def test_what_is_removed_and_what_fails_leaves_nothing_behind(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller("service:arn:aws:iam::000000000000:role/reader", "service")
    before = account.originals(), account.stored_vectors(), len(account.items())
    added = documents.add(caller, "birds.html", "text/html", BIRDS)
    assert len(account.stored_vectors()) == len(before[1]) + added.passages
    documents.remove(caller, added.id)
    assert (account.originals(), account.stored_vectors(), len(account.items())) == before
    # S3 Vectors itself refuses a vector of other dimensions than the index has, after the original is written.
    monkeypatch.setattr("lambdas.gateway.retrieval.embeddings.Embedder.documents", lambda *_: too_short())
    with pytest.raises(Exception, match="refused"):
        documents.add(caller, "birds.html", "text/html", BIRDS)
    assert (account.originals(), account.stored_vectors(), len(account.items())) == before
