"""CloudFormation's AWS::S3Vectors::VectorBucket, Index and VectorBucketPolicy, through the API.

Ref of each is an ARN. What cannot be changed on AWS is replaced: a name of one's own then has to change too.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import Any

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json

_BUCKET_PROPERTIES = {"EncryptionConfiguration", "Tags", "VectorBucketName"}
_INDEX_PROPERTIES = {
    "DataType",
    "Dimension",
    "DistanceMetric",
    "EncryptionConfiguration",
    "IndexName",
    "MetadataConfiguration",
    "Tags",
    "VectorBucketArn",
    "VectorBucketName",
}
_POLICY_PROPERTIES = {"Policy", "VectorBucketArn", "VectorBucketName"}
# What a random end leaves of 63 characters.
_MOST_OF_A_NAME = 50


def register() -> None:
    """Provision them."""
    for noun, handlers in (
        ("VectorBucket", (_create_bucket, _update_bucket, _delete_bucket)),
        ("Index", (_create_index, _update_index, _delete_index)),
        ("VectorBucketPolicy", (_create_policy, _update_policy, _delete_policy)),
    ):
        create, update, delete = handlers
        hooks.add_cfn_resource(f"AWS::S3Vectors::{noun}", create=create, update=update, delete=delete)


# ---- buckets --------------------------------------------------------------------------------------------


def _create_bucket(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    _refuse_unknown(properties, _BUCKET_PROPERTIES, "VectorBucket")
    return _new_bucket(properties.get("VectorBucketName") or hooks.physical_name(stack, logical_id).lower(), properties)


def _new_bucket(name: str, properties: Json) -> tuple[str, Json]:
    tags = _tags(properties.get("Tags"))
    created = _client().create_vector_bucket(vectorBucketName=name, **_encryption(properties), tags=tags)
    return _bucket(created["vectorBucketArn"])


def _update_bucket(arn: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(new, _BUCKET_PROPERTIES, "VectorBucket")
    if _without_tags(old) != _without_tags(new):
        return _new_bucket(_another_name(arn, "VectorBucketName", old, new), new)
    _retag(arn, old, new)
    return _bucket(arn)


def _delete_bucket(arn: str, properties: Json) -> None:  # noqa: ARG001
    client = _client()
    with suppress(client.exceptions.NotFoundException):  # what is gone already is deleted
        client.delete_vector_bucket(vectorBucketArn=arn)


def _bucket(arn: str) -> tuple[str, Json]:
    bucket = _client().get_vector_bucket(vectorBucketArn=arn)["vectorBucket"]
    return arn, {"VectorBucketArn": arn, "CreationTime": _time(bucket["creationTime"])}


# ---- indexes --------------------------------------------------------------------------------------------


def _create_index(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
    _refuse_unknown(properties, _INDEX_PROPERTIES, "Index")
    return _new_index(properties.get("IndexName") or hooks.physical_name(stack, logical_id).lower(), properties)


def _new_index(name: str, properties: Json) -> tuple[str, Json]:
    configuration = properties.get("MetadataConfiguration")
    keys = {"nonFilterableMetadataKeys": configuration["NonFilterableMetadataKeys"]} if configuration else None
    created = _client().create_index(
        **_bucket_named(properties),
        indexName=name,
        dataType=properties["DataType"],
        dimension=int(properties["Dimension"]),
        distanceMetric=properties["DistanceMetric"],
        **({"metadataConfiguration": keys} if keys else {}),
        **_encryption(properties),
        tags=_tags(properties.get("Tags")),
    )
    return _index(created["indexArn"])


def _update_index(arn: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(new, _INDEX_PROPERTIES, "Index")
    if _without_tags(old) != _without_tags(new):
        return _new_index(_another_name(arn, "IndexName", old, new), new)
    _retag(arn, old, new)
    return _index(arn)


def _delete_index(arn: str, properties: Json) -> None:  # noqa: ARG001
    client = _client()
    with suppress(client.exceptions.NotFoundException):
        client.delete_index(indexArn=arn)


def _index(arn: str) -> tuple[str, Json]:
    index = _client().get_index(indexArn=arn)["index"]
    return arn, {"IndexArn": arn, "CreationTime": _time(index["creationTime"])}


# ---- policies -------------------------------------------------------------------------------------------


def _create_policy(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    _refuse_unknown(properties, _POLICY_PROPERTIES, "VectorBucketPolicy")
    client, named = _client(), _bucket_named(properties)
    policy = properties["Policy"]
    client.put_vector_bucket_policy(**named, policy=policy if isinstance(policy, str) else json.dumps(policy))
    return client.get_vector_bucket(**named)["vectorBucket"]["vectorBucketArn"], {}


def _update_policy(arn: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
    return _create_policy("", new, stack)


def _delete_policy(arn: str, properties: Json) -> None:  # noqa: ARG001
    client = _client()
    with suppress(client.exceptions.NotFoundException):
        client.delete_vector_bucket_policy(vectorBucketArn=arn)


# ---- what they share ------------------------------------------------------------------------------------


def _client() -> Any:
    return credentials.client("s3vectors")


def _refuse_unknown(properties: Json, known: set[str], noun: str) -> None:
    if unknown := sorted(set(properties) - known):
        raise ValueError(f"AWS::S3Vectors::{noun} has no property {', '.join(unknown)}.")


def _bucket_named(properties: Json) -> Json:
    members = {"VectorBucketName": "vectorBucketName", "VectorBucketArn": "vectorBucketArn"}
    return {member: properties[name] for name, member in members.items() if name in properties}


def _encryption(properties: Json) -> Json:
    given = properties.get("EncryptionConfiguration")
    if not given:
        return {}
    members = {"SseType": "sseType", "KmsKeyArn": "kmsKeyArn"}
    return {"encryptionConfiguration": {member: given[name] for name, member in members.items() if name in given}}


def _tags(tags: list[Json] | None) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in tags or []}


def _without_tags(properties: Json) -> Json:
    return {name: value for name, value in properties.items() if name != "Tags"}


def _retag(arn: str, old: Json, new: Json) -> None:
    before, after = _tags(old.get("Tags")), _tags(new.get("Tags"))
    client = _client()
    if gone := sorted(before.keys() - after.keys()):
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if after:
        client.tag_resource(resourceArn=arn, tags=after)


def _another_name(arn: str, member: str, old: Json, new: Json) -> str:
    """The name of what replaces something: CloudFormation makes it before the old one goes."""
    named = new.get(member)
    if named and named == old.get(member) and _bucket_named(old) == _bucket_named(new):
        raise ValueError(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {named} and update the stack again."
        )
    if named:
        return str(named)
    name = arn.rpartition("/")[2]
    # A name that CloudFormation made has a random end already; one of the template's own need not even have a hyphen.
    stem = name if old.get(member) else name.rpartition("-")[0]
    return f"{stem[:_MOST_OF_A_NAME]}-{secrets.token_hex(6)}"


def _time(created: Any) -> str:
    return str(created.strftime("%Y-%m-%dT%H:%M:%SZ"))
