"""Who may do what with vectors: the service's own actions on its ARNs, policies of buckets, keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.helpers import Json, allow, unique, user_client
from tests.twin.vectors import ARN, denied, make_bucket, make_index, refused, vector
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID
from twin.emulator.clients import client_from
from twin.s3vectors.encryption import PRINCIPAL

QUERY: Json = {"topK": 1, "queryVector": {"float32": [1, 0, 0]}}
EVERYONE = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}, "Action": "kms:*"}
INDEXING = {
    "Effect": "Allow",
    "Principal": {"Service": PRINCIPAL},
    "Action": "kms:Decrypt",
    "Condition": {
        "ArnLike": {"aws:SourceArn": f"{ARN}/*"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["aws:s3vectors:arn", "aws:s3vectors:resource-id"]},
    },
}


@pytest.fixture(scope="module")
def index(emulator: Emulator) -> Json:
    """An index with one vector."""
    named = make_index(emulator, make_bucket(emulator))
    emulator.client("s3vectors").put_vectors(**named, vectors=[vector("k", 1, 0, 0, n=1)])
    return named


def arn_of(index: Json) -> str:
    return f"{ARN}/{index['vectorBucketName']}/index/{index['indexName']}"


def principal_of(client: Any) -> str:
    """Who a client is, as denials name it."""
    return (
        refused(client.get_vector_bucket, vectorBucketName="not-there").partition("User: ")[2].partition(" is not")[0]
    )


def a_user(emulator: Emulator, *statements: Json) -> Any:
    return user_client(emulator, "s3vectors", *statements)


def test_each_operation_asks_for_its_action_on_what_it_names(emulator: Emulator, index: Json) -> None:
    client, arn = a_user(emulator), arn_of(index)
    bucket = f"{ARN}/{index['vectorBucketName']}"
    on_bucket, by_arn = {"vectorBucketName": index["vectorBucketName"]}, {"indexArn": arn}
    new = {"dataType": "float32", "dimension": 3, "distanceMetric": "cosine"}
    statement = {"policy": "{}"}
    asked = {
        denied(client.list_vector_buckets): "s3vectors:ListVectorBuckets *",
        denied(client.create_vector_bucket, vectorBucketName="another"): f"s3vectors:CreateVectorBucket {ARN}/another",
        denied(client.get_vector_bucket, **on_bucket): f"s3vectors:GetVectorBucket {bucket}",
        denied(client.delete_vector_bucket, vectorBucketArn=bucket): f"s3vectors:DeleteVectorBucket {bucket}",
        denied(client.put_vector_bucket_policy, **on_bucket, **statement): f"s3vectors:PutVectorBucketPolicy {bucket}",
        denied(client.list_indexes, **on_bucket): f"s3vectors:ListIndexes {bucket}",
        denied(client.create_index, **on_bucket, indexName="new", **new): f"s3vectors:CreateIndex {bucket}/index/new",
        denied(client.get_index, **by_arn): f"s3vectors:GetIndex {arn}",
        denied(client.delete_index, **index): f"s3vectors:DeleteIndex {arn}",
        denied(client.put_vectors, **index, vectors=[vector("k", 1, 0, 0)]): f"s3vectors:PutVectors {arn}",
        denied(client.get_vectors, **by_arn, keys=["k"]): f"s3vectors:GetVectors {arn}",
        denied(client.list_vectors, **index): f"s3vectors:ListVectors {arn}",
        denied(client.query_vectors, **index, **QUERY): f"s3vectors:QueryVectors {arn}",
        denied(client.delete_vectors, **index, keys=["k"]): f"s3vectors:DeleteVectors {arn}",
        denied(client.list_tags_for_resource, resourceArn=arn): f"s3vectors:ListTagsForResource {arn}",
        denied(client.tag_resource, resourceArn=bucket, tags={"a": "b"}): f"s3vectors:TagResource {bucket}",
    }
    assert list(asked) == list(asked.values())


def test_a_permission_on_one_index_is_none_on_another(emulator: Emulator, index: Json) -> None:
    other = make_index(emulator, index["vectorBucketName"])
    client = a_user(emulator, allow("s3vectors:QueryVectors", arn_of(index)))
    assert client.query_vectors(**index, **QUERY)["vectors"] == [{"key": "k"}]
    assert denied(client.query_vectors, **other, **QUERY) == f"s3vectors:QueryVectors {arn_of(other)}"


def test_metadata_is_told_and_filtered_by_only_with_the_permission_to_get_vectors(
    emulator: Emulator, index: Json
) -> None:
    arn = arn_of(index)
    client = a_user(emulator, allow(["s3vectors:QueryVectors", "s3vectors:ListVectors"], arn))
    client.query_vectors(**index, **QUERY, returnDistance=True)
    client.list_vectors(**index)
    needed = f"s3vectors:GetVectors {arn}"
    assert denied(client.query_vectors, **index, **QUERY, returnMetadata=True) == needed
    assert denied(client.query_vectors, **index, **QUERY, filter={"n": 1}) == needed
    assert denied(client.list_vectors, **index, returnData=True) == needed
    assert denied(client.list_vectors, **index, returnMetadata=True) == needed
    both = a_user(emulator, allow(["s3vectors:QueryVectors", "s3vectors:GetVectors"], arn))
    assert both.query_vectors(**index, **QUERY, filter={"n": 1}, returnMetadata=True)["vectors"]


def test_what_is_made_with_tags_asks_for_the_permission_to_tag(emulator: Emulator) -> None:
    name = unique("vectors")
    client = a_user(emulator, allow("s3vectors:CreateVectorBucket"))
    needed = f"s3vectors:TagResource {ARN}/{name}"
    assert denied(client.create_vector_bucket, vectorBucketName=name, tags={"team": "search"}) == needed
    client.create_vector_bucket(vectorBucketName=name)


def test_conditions_see_the_tags_of_what_is_asked_for(emulator: Emulator) -> None:
    bucket = make_bucket(emulator)
    ours, theirs = (make_index(emulator, bucket, tags={"team": team}) for team in ("search", "ranking"))
    condition = {"StringEquals": {"aws:ResourceTag/team": "search"}}
    client = a_user(emulator, {**allow("s3vectors:QueryVectors"), "Condition": condition})
    assert client.query_vectors(**ours, **QUERY)["vectors"] == []
    assert denied(client.query_vectors, **theirs, **QUERY) == f"s3vectors:QueryVectors {arn_of(theirs)}"


# ---- policies of buckets --------------------------------------------------------------------------------


def test_a_bucket_s_policy_allows_and_denies_for_its_indexes_too(emulator: Emulator) -> None:
    named = make_index(emulator, make_bucket(emulator))
    denial = {"Effect": "Deny", "Action": "s3vectors:GetVectorBucket", "Resource": "*"}
    allowed, other = a_user(emulator), a_user(emulator, allow("s3vectors:*"), denial)
    who = [principal_of(client) for client in (allowed, other)]
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": who[0]}, "Action": "s3vectors:QueryVectors", "Resource": "*"},
        {"Effect": "Deny", "Principal": {"AWS": who[1]}, "Action": "s3vectors:GetVectors", "Resource": f"{ARN}/*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    emulator.client("s3vectors").put_vector_bucket_policy(vectorBucketName=named["vectorBucketName"], policy=policy)
    assert allowed.query_vectors(**named, **QUERY)["vectors"] == []
    assert denied(allowed.get_index, **named) == f"s3vectors:GetIndex {arn_of(named)}"
    other.query_vectors(**named, **QUERY)
    assert refused(other.get_vectors, **named, keys=["k"]).startswith("AccessDeniedException")


def test_a_user_of_another_account_is_let_in_by_a_policy_alone(emulator: Emulator) -> None:
    named = make_index(emulator, make_bucket(emulator))
    theirs = client_from({**emulator.environment(), "AWS_ACCESS_KEY_ID": "222222222222"}, "iam")
    theirs.create_user(UserName="guest")
    everything = {"Version": "2012-10-17", "Statement": [allow("s3vectors:*")]}
    theirs.put_user_policy(UserName="guest", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = theirs.create_access_key(UserName="guest")["AccessKey"]
    signed = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    guest = client_from({**emulator.environment(), **signed}, "s3vectors")
    asked = {"indexArn": arn_of(named), **QUERY}
    assert refused(guest.query_vectors, **asked).startswith("AccessDeniedException")

    user = "arn:aws:iam::222222222222:user/guest"
    statement = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "s3vectors:QueryVectors", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("s3vectors").put_vector_bucket_policy(vectorBucketName=named["vectorBucketName"], policy=policy)
    assert guest.query_vectors(**asked)["vectors"] == []


# ---- keys -----------------------------------------------------------------------------------------------


def make_key(emulator: Emulator, *statements: Json) -> str:
    policy = {"Version": "2012-10-17", "Statement": [{**one, "Resource": "*"} for one in (EVERYONE, *statements)]}
    return str(emulator.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"])


def with_key(key: str) -> Json:
    return {"encryptionConfiguration": {"sseType": "aws:kms", "kmsKeyArn": key}}


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        ({"sseType": "AES256", "kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/a"}, "must not be specified"),
        ({"kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/a"}, "must not be specified"),
        ({"sseType": "aws:kms"}, "kmsKeyArn must be specified"),
        ({"sseType": "aws:kms", "kmsKeyArn": "alias/key"}, "regular expression pattern"),
        ({"sseType": "aws:kms", "kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/a"}, "does not exist"),
    ],
)
def test_encryption_that_cannot_be_is_refused(emulator: Emulator, configuration: Json, complaint: str) -> None:
    create = emulator.client("s3vectors").create_vector_bucket
    assert complaint in refused(create, vectorBucketName=unique("v"), encryptionConfiguration=configuration)


def test_whoever_makes_or_uses_what_is_encrypted_with_a_key_needs_the_key(emulator: Emulator) -> None:
    key = make_key(emulator, INDEXING)
    client = a_user(emulator, allow("s3vectors:*"))
    creation = {"vectorBucketName": unique("vectors"), **with_key(key)}
    assert denied(client.create_vector_bucket, **creation) == f"kms:GenerateDataKey {key}"
    named = make_index(emulator, make_bucket(emulator, **with_key(key)))
    shown = client.get_index(**named)["index"]["encryptionConfiguration"]
    assert shown == {"sseType": "aws:kms", "kmsKeyArn": key}
    put = {"vectors": [vector("k", 1, 0, 0)]}
    calls: list[tuple[Any, Json]] = [
        (client.put_vectors, put),
        (client.get_vectors, {"keys": ["k"]}),
        (client.delete_vectors, {"keys": ["k"]}),
        (client.list_vectors, {}),
        (client.query_vectors, QUERY),
    ]
    for call, given in calls:
        assert denied(call, **named, **given) == f"kms:Decrypt {key}"
    via = {"StringEquals": {"kms:ViaService": "s3vectors.us-east-1.amazonaws.com"}}
    reader = a_user(emulator, allow("s3vectors:*"), {**allow("kms:Decrypt", key), "Condition": via})
    reader.put_vectors(**named, **put)
    assert reader.query_vectors(**named, **QUERY)["vectors"] == [{"key": "k"}]


def test_an_index_may_have_a_key_that_its_bucket_has_not(emulator: Emulator) -> None:
    named = make_index(emulator, make_bucket(emulator), **with_key(key := make_key(emulator, INDEXING)))
    assert denied(a_user(emulator, allow("s3vectors:*")).list_vectors, **named) == f"kms:Decrypt {key}"


@pytest.mark.parametrize("source", [None, f"{ARN}-of-others/*"])
def test_a_key_that_the_service_may_not_use_encrypts_no_index(emulator: Emulator, source: str | None) -> None:
    elsewhere = {**INDEXING, "Condition": {"ArnLike": {"aws:SourceArn": source}}}
    key = make_key(emulator, *([elsewhere] if source else []))
    named = {"vectorBucketName": make_bucket(emulator, **with_key(key)), "indexName": "index"}
    create = emulator.client("s3vectors").create_index
    message = refused(create, **named, dataType="float32", dimension=3, distanceMetric="cosine")
    assert message.startswith("AccessDeniedException: Insufficient access to perform asynchronous indexing")
    assert f"must allow {PRINCIPAL} kms:Decrypt" in message


def test_vectors_cannot_be_used_while_their_key_cannot(emulator: Emulator) -> None:
    key = make_key(emulator, INDEXING)
    named = make_index(emulator, make_bucket(emulator), **with_key(key))
    client, kms = emulator.client("s3vectors"), emulator.client("kms")
    kms.disable_key(KeyId=key)
    assert refused(client.query_vectors, **named, **QUERY) == f"KmsDisabledException: Key '{key}' is disabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert refused(client.list_vectors, **named) == f"KmsInvalidStateException: Key '{key}' is PendingDeletion"
