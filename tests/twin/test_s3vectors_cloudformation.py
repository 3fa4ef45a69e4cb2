"""Vector buckets, indexes and policies in stacks: made, changed in place or replaced, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.helpers import Json, unique
from tests.twin.stack import Stack
from tests.twin.vectors import ARN, refused, vector
from twin.emulator import Emulator

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3vectors:QueryVectors", "Resource": "*"}],
}


def bucket(**properties: Any) -> Json:
    return {"Type": "AWS::S3Vectors::VectorBucket", "Properties": properties}


def index(**properties: Any) -> Json:
    wanted = {
        "VectorBucketArn": {"Ref": "Bucket"},
        "DataType": "float32",
        "Dimension": "3",
        "DistanceMetric": "cosine",
        "MetadataConfiguration": {"NonFilterableMetadataKeys": ["text"]},
        **properties,
    }
    return {"Type": "AWS::S3Vectors::Index", "Properties": wanted}


def policy(**properties: Any) -> Json:
    wanted = {"VectorBucketArn": {"Fn::GetAtt": ["Bucket", "VectorBucketArn"]}, "Policy": POLICY, **properties}
    return {"Type": "AWS::S3Vectors::VectorBucketPolicy", "Properties": wanted}


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Any:
    """A client of the account."""
    return emulator.client("s3vectors")


def status(stack: Json) -> str:
    return str(stack["StackStatus"])


def test_a_stack_makes_what_its_template_says_and_takes_it_away(emulator: Emulator, client: Any) -> None:
    stack = Stack(emulator)
    named = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::GetAtt": ["Index", "IndexArn"]}},
    }
    made = stack.create(Bucket=bucket(Tags=[{"Key": "a", "Value": "b"}]), Index=index(), Policy=policy(), Named=named)
    assert status(made) == "CREATE_COMPLETE", stack.reasons()
    arn = stack.reference("Index")
    assert arn.startswith(f"{stack.reference('Bucket')}/index/")
    assert stack.reference("Bucket").startswith(f"{ARN}/{stack.name}-bucket-")
    assert stack.reference("Policy") == stack.reference("Bucket")
    assert emulator.client("ssm").get_parameter(Name=stack.reference("Named"))["Parameter"]["Value"] == arn
    shown = client.get_index(indexArn=arn)["index"]
    assert (shown["dimension"], shown["metadataConfiguration"]) == (3, {"nonFilterableMetadataKeys": ["text"]})
    kept = client.get_vector_bucket_policy(vectorBucketArn=stack.reference("Bucket"))["policy"]
    assert json.loads(kept) == POLICY
    assert client.list_tags_for_resource(resourceArn=stack.reference("Bucket"))["tags"]["a"] == "b"
    gone = stack.reference("Bucket")
    assert stack.delete() == "DELETE_COMPLETE"
    assert refused(client.get_vector_bucket, vectorBucketArn=gone).startswith("NotFoundException")


def test_tags_and_policies_change_in_place_and_vectors_stay(emulator: Emulator, client: Any) -> None:
    stack = Stack(emulator)
    tags = {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]}
    stack.create(Bucket=bucket(**tags), Index=index(**tags), Policy=policy())
    arn, bucket_arn = stack.reference("Index"), stack.reference("Bucket")
    client.put_vectors(indexArn=arn, vectors=[vector("k", 1, 0, 0)])
    changed = {"Tags": [{"Key": "a", "Value": "e"}]}
    stricter = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Effect": "Deny"}]}  # type: ignore[dict-item]
    update = stack.update(Bucket=bucket(**changed), Index=index(**changed), Policy=policy(Policy=stricter))
    assert status(update) == "UPDATE_COMPLETE", stack.reasons()
    assert (stack.reference("Index"), stack.reference("Bucket")) == (arn, bucket_arn)
    for tagged in (arn, bucket_arn):
        found = client.list_tags_for_resource(resourceArn=tagged)["tags"]
        assert {key: found.get(key) for key in "ac"} == {"a": "e", "c": None}
    assert json.loads(client.get_vector_bucket_policy(vectorBucketArn=bucket_arn)["policy"]) == stricter
    assert client.get_vectors(indexArn=arn, keys=["k"])["vectors"]


def test_an_index_of_another_dimension_takes_the_place_of_the_old_one(emulator: Emulator, client: Any) -> None:
    stack = Stack(emulator)
    stack.create(Bucket=bucket(), Index=index())
    first = stack.reference("Index")
    for dimension in (4, 5):
        update = stack.update(Bucket=bucket(), Index=index(Dimension=dimension))
        assert status(update) == "UPDATE_COMPLETE", stack.reasons()
        assert client.get_index(indexArn=stack.reference("Index"))["index"]["dimension"] == dimension
    assert refused(client.get_index, indexArn=first).startswith("NotFoundException")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_bucket_that_is_replaced_takes_index_and_policy_with_it(emulator: Emulator, client: Any) -> None:
    stack, name = Stack(emulator), unique("vectors")
    stack.create(Bucket=bucket(), Index=index(), Policy=policy())
    first = stack.reference("Bucket")
    update = stack.update(Bucket=bucket(VectorBucketName=name), Index=index(), Policy=policy())
    assert status(update) == "UPDATE_COMPLETE", stack.reasons()
    assert stack.reference("Bucket") == stack.reference("Policy") == f"{ARN}/{name}"
    assert stack.reference("Index").startswith(f"{ARN}/{name}/index/")
    assert client.get_vector_bucket_policy(vectorBucketName=name)["policy"]
    assert refused(client.get_vector_bucket, vectorBucketArn=first).startswith("NotFoundException")


def test_what_has_a_name_of_its_own_is_not_replaced_under_it(emulator: Emulator, client: Any) -> None:
    stack = Stack(emulator)
    stack.create(Bucket=bucket(), Index=index(IndexName="films"))
    update = stack.update(Bucket=bucket(), Index=index(IndexName="films", DistanceMetric="euclidean"))
    assert status(update) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update a stack when a custom-named resource requires replacing. Rename films" in stack.reasons()
    assert client.get_index(indexArn=stack.reference("Index"))["index"]["distanceMetric"] == "cosine"


def test_a_name_without_a_hyphen_that_is_removed_gives_way_to_one_that_is_made_up(
    emulator: Emulator, client: Any
) -> None:
    stack, name = Stack(emulator), unique("vectors").replace("-", "")
    stack.create(Bucket=bucket(VectorBucketName=name), Index=index(IndexName="films"))
    for dimension in (4, 5):
        update = stack.update(Bucket=bucket(), Index=index(Dimension=dimension))
        assert status(update) == "UPDATE_COMPLETE", stack.reasons()
    assert stack.reference("Bucket").startswith(f"{ARN}/{name}-")
    assert "/index/films-" in stack.reference("Index")
    assert refused(client.get_vector_bucket, vectorBucketName=name).startswith("NotFoundException")
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"Dimension": 4097}, "less than or equal to 4096"),
        ({"DistanceMetric": "dot"}, "enum value set"),
        ({"IndexMode": "CLASSIC"}, "AWS::S3Vectors::Index has no property IndexMode"),
        ({"EncryptionConfiguration": {"SseType": "aws:kms"}}, "kmsKeyArn must be specified"),
    ],
)
def test_an_index_that_cannot_be_fails_its_stack(emulator: Emulator, properties: Json, complaint: str) -> None:
    stack = Stack(emulator)
    made = stack.create(Bucket=bucket(), Index=index(**properties))
    assert status(made) in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
    assert complaint in stack.reasons()


def test_the_constructs_of_the_pinned_cdk_have_the_properties_that_are_known_here() -> None:
    from aws_cdk import aws_s3vectors

    from twin.s3vectors import cfn

    for construct, known in (
        (aws_s3vectors.CfnVectorBucketProps, cfn._BUCKET_PROPERTIES),
        (aws_s3vectors.CfnIndexProps, cfn._INDEX_PROPERTIES),
        (aws_s3vectors.CfnVectorBucketPolicyProps, cfn._POLICY_PROPERTIES),
    ):
        theirs = {name for name, value in vars(construct).items() if isinstance(value, property)}
        assert {"".join(word.title() for word in name.split("_")) for name in theirs} == known
