"""S3 Vectors as boto3 meets it: its buckets and indexes, and what is refused of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.helpers import Json, unique
from tests.twin.vectors import ARN, make_bucket, make_index, refused, unchecked_client, vector
from twin.emulator import Emulator


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Any:
    """A client of the account, which leaves it to the service to refuse."""
    return unchecked_client(emulator)


@pytest.fixture(scope="module")
def bucket(emulator: Emulator) -> str:
    """A bucket for all indexes of these tests."""
    return make_bucket(emulator)


def test_a_bucket_is_made_shown_listed_and_deleted(client: Any) -> None:
    name = unique("vectors")
    arn = client.create_vector_bucket(vectorBucketName=name)["vectorBucketArn"]
    shown = client.get_vector_bucket(vectorBucketArn=arn)["vectorBucket"]
    assert (arn, shown["vectorBucketName"]) == (f"{ARN}/{name}", name)
    assert (shown["encryptionConfiguration"], shown["defaultIndexMode"]) == ({"sseType": "AES256"}, "ENHANCED")
    [listed] = client.list_vector_buckets(prefix=name)["vectorBuckets"]
    assert listed == {key: shown[key] for key in ("vectorBucketName", "vectorBucketArn", "creationTime")}
    client.delete_vector_bucket(vectorBucketName=name)
    assert refused(client.get_vector_bucket, vectorBucketName=name).startswith("NotFoundException")


def test_a_name_is_given_once_and_a_bucket_that_holds_indexes_stays(emulator: Emulator, client: Any) -> None:
    name = make_bucket(emulator)
    assert refused(client.create_vector_bucket, vectorBucketName=name).startswith("ConflictException")
    named = make_index(emulator, name)
    again = {**named, "dataType": "float32", "dimension": 3, "distanceMetric": "cosine"}
    assert refused(client.create_index, **again).startswith("ConflictException")
    assert refused(client.delete_vector_bucket, vectorBucketName=name).startswith("ConflictException")
    client.delete_index(**named)
    client.delete_vector_bucket(vectorBucketName=name)
    assert refused(client.delete_index, **named) == "NotFoundException: The specified vector bucket could not be found"


def test_an_index_is_made_shown_listed_and_deleted(client: Any, bucket: str) -> None:
    name = unique("index")
    arn = client.create_index(
        vectorBucketArn=f"{ARN}/{bucket}",
        indexName=name,
        dataType="float32",
        dimension=4096,
        distanceMetric="euclidean",
        metadataConfiguration={"nonFilterableMetadataKeys": ["text"]},
    )["indexArn"]
    shown = client.get_index(indexArn=arn)["index"]
    created = shown.pop("creationTime")
    assert shown == {
        "vectorBucketName": bucket,
        "indexName": name,
        "indexArn": f"{ARN}/{bucket}/index/{name}",
        "dataType": "float32",
        "dimension": 4096,
        "distanceMetric": "euclidean",
        "metadataConfiguration": {"nonFilterableMetadataKeys": ["text"]},
        "encryptionConfiguration": {"sseType": "AES256"},
        "indexMode": "ENHANCED",
    }
    [listed] = client.list_indexes(vectorBucketName=bucket, prefix=name)["indexes"]
    summary = {key: shown[key] for key in ("vectorBucketName", "indexName", "indexArn")}
    assert listed == {**summary, "creationTime": created}
    client.delete_index(indexArn=arn)
    assert refused(client.get_index, indexArn=arn) == "NotFoundException: The specified index could not be found"


def test_lists_come_in_pages(emulator: Emulator, client: Any) -> None:
    name = make_bucket(emulator)
    for number in range(5):
        make_index(emulator, name, indexName=f"index-{number}")
    pages = list(client.get_paginator("list_indexes").paginate(vectorBucketName=name, maxResults=2))
    assert [[one["indexName"] for one in page["indexes"]] for page in pages] == [
        ["index-0", "index-1"],
        ["index-2", "index-3"],
        ["index-4"],
    ]
    assert len(client.list_vector_buckets(maxResults=1)["vectorBuckets"]) == 1


def test_tags_are_set_changed_and_taken_away(emulator: Emulator, client: Any) -> None:
    name = make_bucket(emulator, tags={"team": "search", "stage": "test"})
    arn = f"{ARN}/{name}"
    client.tag_resource(resourceArn=arn, tags={"team": "ranking"})
    client.untag_resource(resourceArn=arn, tagKeys=["stage"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "ranking"}
    index = f"{arn}/index/{make_index(emulator, name, tags={'a': 'b'})['indexName']}"
    assert client.list_tags_for_resource(resourceArn=index)["tags"] == {"a": "b"}
    assert "Too many tags" in refused(client.tag_resource, resourceArn=arn, tags={str(n): "x" for n in range(50)})
    assert "System tags cannot" in refused(client.tag_resource, resourceArn=arn, tags={"aws:team": "x"})


def test_a_policy_is_kept_as_it_was_put_and_goes_when_it_is_deleted(emulator: Emulator, client: Any) -> None:
    named = {"vectorBucketName": make_bucket(emulator)}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3vectors:GetIndex", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    assert refused(client.get_vector_bucket_policy, **named).startswith("NotFoundException")
    client.put_vector_bucket_policy(**named, policy=policy)
    assert client.get_vector_bucket_policy(**named)["policy"] == policy
    client.delete_vector_bucket_policy(**named)
    assert refused(client.get_vector_bucket_policy, **named).startswith("NotFoundException")
    wrong = json.dumps({"Statement": [{"Effect": "Perhaps", "NotPrincipal": "*", "Action": "*"}]})
    complaint = refused(client.put_vector_bucket_policy, **named, policy=wrong)
    for part in ("Principal is missing", "Resource or NotResource is missing", "Allow or Deny", "NotPrincipal is not"):
        assert part in complaint


def test_every_bucket_and_index_has_the_mode_of_those_made_today(emulator: Emulator, client: Any, bucket: str) -> None:
    named = make_index(emulator, bucket)
    query = {**named, "topK": 1, "queryVector": {"float32": [1, 0, 0]}}
    client.put_vector_bucket_default_index_mode(vectorBucketName=bucket, defaultIndexMode="ENHANCED")
    client.update_index_mode(**named, indexMode="ENHANCED")
    assert client.query_vectors(**query, queryMode="ENHANCED")["vectors"] == []
    earlier = "before September 30, 2026"
    assert earlier in refused(client.update_index_mode, **named, indexMode="CLASSIC")
    assert "queryMode CLASSIC" in refused(client.query_vectors, **query, queryMode="CLASSIC")
    assert earlier in refused(
        client.put_vector_bucket_default_index_mode, vectorBucketName=bucket, defaultIndexMode="CLASSIC"
    )


WRONG_NAMES = ["a", "Aa1", "a_b", "-ab", "ab-", "a" * 64]


@pytest.mark.parametrize("name", [*WRONG_NAMES, "a.b"])
def test_what_cannot_name_a_bucket_does_not(client: Any, name: str) -> None:
    assert refused(client.create_vector_bucket, vectorBucketName=name).startswith("ValidationException")


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_what_cannot_name_an_index_does_not(client: Any, bucket: str, name: str) -> None:
    wanted = {"vectorBucketName": bucket, "dataType": "float32", "dimension": 3, "distanceMetric": "cosine"}
    assert refused(client.create_index, **wanted, indexName=name).startswith("ValidationException")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"dimension": 0}, "dimension"),
        ({"dimension": 4097}, "dimension"),
        ({"distanceMetric": "dotproduct"}, "distanceMetric"),
        ({"dataType": "float64"}, "dataType"),
        ({"metadataConfiguration": {"nonFilterableMetadataKeys": []}}, "nonFilterableMetadataKeys"),
        ({"metadataConfiguration": {"nonFilterableMetadataKeys": [str(n) for n in range(11)]}}, "less than or equal"),
        ({"metadataConfiguration": {"nonFilterableMetadataKeys": ["k" * 64]}}, "less than or equal to 63"),
        ({"metadataConfiguration": {"nonFilterableMetadataKeys": ["k", "k"]}}, "a key twice"),
    ],
)
def test_an_index_that_cannot_be_is_refused(client: Any, bucket: str, settings: Json, complaint: str) -> None:
    wanted = {"indexName": "index", "dataType": "float32", "dimension": 3, "distanceMetric": "cosine", **settings}
    message = refused(client.create_index, vectorBucketName=bucket, **wanted)
    assert message.startswith("ValidationException")
    assert complaint in message


def test_an_index_is_named_in_one_way(emulator: Emulator, client: Any, bucket: str) -> None:
    named = make_index(emulator, bucket)
    arn = f"{ARN}/{bucket}/index/{named['indexName']}"
    either = "Must specify either both vectorBucketName and indexName, or indexArn"
    assert either in refused(client.get_index, vectorBucketName=bucket)
    assert either in refused(client.get_index, **named, indexArn=arn)
    assert either in refused(client.get_index)
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    assert refused(client.get_index, indexArn=elsewhere).startswith("NotFoundException")


def test_a_region_knows_nothing_of_what_another_one_keeps(emulator: Emulator, client: Any, bucket: str) -> None:
    index = f"{ARN}/{bucket}/index/{make_index(emulator, bucket)['indexName']}"
    elsewhere = emulator.session().client("s3vectors", endpoint_url=emulator.endpoint_url, region_name="eu-west-1")
    tags = {"resourceArn": index, "tags": {"a": "b"}}
    for refusal in (
        refused(elsewhere.get_index, indexArn=index),
        refused(elsewhere.get_vector_bucket, vectorBucketArn=f"{ARN}/{bucket}"),
        refused(elsewhere.put_vectors, indexArn=index, vectors=[vector("k", 1, 0, 0)]),
        refused(elsewhere.query_vectors, indexArn=index, topK=1, queryVector={"float32": [1, 0, 0]}),
        refused(elsewhere.delete_index, indexArn=index),
        refused(elsewhere.tag_resource, **tags),
    ):
        assert refusal.startswith("NotFoundException: The specified")
    assert "a" not in client.list_tags_for_resource(resourceArn=index)["tags"]
