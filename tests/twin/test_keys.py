"""Permissions on keys: on the key that an object was written with, whatever names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import requests
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, unique, user_client
from twin.emulator import Emulator


class Key(NamedTuple):
    """A key that the account's policies govern, and an alias of it."""

    arn: str
    alias: str

    @property
    def id(self) -> str:
        """What comes last in the ARN."""
        return self.arn.rpartition("/")[2]


def make_key(emulator: Emulator) -> Key:
    """A key with an alias."""
    everyone = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**everyone, "Resource": "*"}]})
    kms, alias = emulator.client("kms"), f"alias/{unique('key')}"
    arn = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    return Key(arn, alias)


@pytest.fixture(scope="module")
def first(emulator: Emulator) -> Key:
    """A key."""
    return make_key(emulator)


@pytest.fixture(scope="module")
def second(emulator: Emulator) -> Key:
    """Another key."""
    return make_key(emulator)


def make_bucket(emulator: Emulator, key: str | None = None) -> str:
    """A bucket that encrypts with this key, an id, an alias or an ARN, where the request names none."""
    s3, bucket = emulator.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    if key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    return bucket


def missing(call: Any, **parameters: Any) -> str:
    """Action and resource that a call is denied for."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    _, _, rest = str(error.value).partition("not authorized to perform: ")
    return rest.partition(" because")[0].replace(" on resource: ", " ")


def with_key(key: str) -> dict[str, str]:
    """Parameters of a request that names its key."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


NAMES: list[Callable[[Key], str]] = [lambda key: key.arn, lambda key: key.id, lambda key: key.alias]
named = pytest.mark.parametrize("name", NAMES, ids=["arn", "id", "alias"])


# ---- objects --------------------------------------------------------------------------------------------


@named
def test_the_key_of_a_bucket_is_asked_for_whatever_names_it(
    emulator: Emulator, first: Key, name: Callable[[Key], str]
) -> None:
    bucket = make_bucket(emulator, name(first))
    client = user_client(emulator, "s3", allow("s3:*"))
    assert missing(client.put_object, Bucket=bucket, Key="k", Body=b"") == f"kms:GenerateDataKey {first.arn}"


@named
def test_the_key_that_a_request_names_comes_before_the_buckets(
    emulator: Emulator, first: Key, second: Key, name: Callable[[Key], str]
) -> None:
    bucket = make_bucket(emulator, first.arn)
    client = user_client(emulator, "s3", allow("s3:*"), allow("kms:*", first.arn))
    call = {"Bucket": bucket, "Key": "k", "Body": b"", **with_key(name(second))}
    assert missing(client.put_object, **call) == f"kms:GenerateDataKey {second.arn}"


def test_a_key_in_a_url_that_was_signed_in_advance_is_asked_for(emulator: Emulator, second: Key) -> None:
    client = user_client(emulator, "s3", allow("s3:*"))
    call = {"Bucket": make_bucket(emulator), "Key": "k", **with_key(second.alias)}
    url = client.generate_presigned_url("put_object", call)
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": second.alias}
    answer = requests.put(url, data=b"", headers=headers, timeout=10)
    assert (answer.status_code, second.arn in answer.text) == (403, True)


def test_writing_with_s3s_own_key_needs_no_permission_on_the_buckets(emulator: Emulator, first: Key) -> None:
    client = user_client(emulator, "s3", allow("s3:*"))
    bucket = make_bucket(emulator, first.arn)
    assert client.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="AES256")
    assert client.get_object(Bucket=bucket, Key="k")


def test_reading_needs_the_key_that_the_object_was_written_with(emulator: Emulator, first: Key, second: Key) -> None:
    bucket = make_bucket(emulator, first.arn)
    emulator.client("s3").put_object(Bucket=bucket, Key="k", Body=b"", **with_key(second.id))
    client = user_client(emulator, "s3", allow("s3:*"), allow("kms:*", first.arn))
    assert missing(client.get_object, Bucket=bucket, Key="k") == f"kms:Decrypt {second.arn}"


def test_reading_an_earlier_version_needs_the_key_of_that_one(emulator: Emulator, first: Key, second: Key) -> None:
    root, bucket = emulator.client("s3"), make_bucket(emulator)
    root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    earlier = root.put_object(Bucket=bucket, Key="k", Body=b"", **with_key(first.arn))["VersionId"]
    root.put_object(Bucket=bucket, Key="k", Body=b"", **with_key(second.arn))
    client = user_client(emulator, "s3", allow("s3:*"))
    assert missing(client.get_object, Bucket=bucket, Key="k") == f"kms:Decrypt {second.arn}"
    assert missing(client.get_object, Bucket=bucket, Key="k", VersionId=earlier) == f"kms:Decrypt {first.arn}"


def test_copying_needs_the_key_of_the_source_and_that_of_the_copy(emulator: Emulator, first: Key, second: Key) -> None:
    source, target = make_bucket(emulator), make_bucket(emulator, second.alias)
    emulator.client("s3").put_object(Bucket=source, Key="a b", Body=b"", **with_key(first.alias))
    copy = {"Bucket": target, "Key": "k", "CopySource": {"Bucket": source, "Key": "a b"}}
    reader = user_client(emulator, "s3", allow("s3:*"), allow("kms:*", second.arn))
    writer = user_client(emulator, "s3", allow("s3:*"), allow("kms:*", first.arn))
    assert missing(reader.copy_object, **copy) == f"kms:Decrypt {first.arn}"
    assert missing(writer.copy_object, **copy) == f"kms:GenerateDataKey {second.arn}"


def test_parts_need_the_key_that_their_upload_was_begun_with(emulator: Emulator, first: Key, second: Key) -> None:
    bucket = make_bucket(emulator, first.arn)
    call = {"Bucket": bucket, "Key": "k"}
    upload = emulator.client("s3").create_multipart_upload(**call, **with_key(second.alias))["UploadId"]
    client = user_client(emulator, "s3", allow("s3:*"), allow("kms:*", first.arn))
    part = {**call, "UploadId": upload, "PartNumber": 1, "Body": b""}
    assert missing(client.upload_part, **part) == f"kms:Decrypt {second.arn}"
    assert missing(client.create_multipart_upload, **call, **with_key(second.id)) == f"kms:GenerateDataKey {second.arn}"


# ---- messages -------------------------------------------------------------------------------------------


@named
def test_the_key_of_a_topic_is_asked_for_whatever_names_it(
    emulator: Emulator, first: Key, name: Callable[[Key], str]
) -> None:
    attributes = {"KmsMasterKeyId": name(first)}
    topic = emulator.client("sns").create_topic(Name=unique("topic"), Attributes=attributes)["TopicArn"]
    client = user_client(emulator, "sns", allow("sns:Publish"))
    assert missing(client.publish, TopicArn=topic, Message="m") == f"kms:Decrypt {first.arn}"


def test_awss_own_key_needs_no_permission(emulator: Emulator) -> None:
    attributes = {"KmsMasterKeyId": "alias/aws/sns"}
    topic = emulator.client("sns").create_topic(Name=unique("topic"), Attributes=attributes)["TopicArn"]
    assert user_client(emulator, "sns", allow("sns:Publish")).publish(TopicArn=topic, Message="m")


# ---- requests to KMS itself -----------------------------------------------------------------------------


@named
def test_a_request_to_kms_is_judged_on_the_keys_arn(emulator: Emulator, first: Key, name: Callable[[Key], str]) -> None:
    nobody = user_client(emulator, "kms")
    assert missing(nobody.encrypt, KeyId=name(first), Plaintext=b"p") == f"kms:Encrypt {first.arn}"
    assert user_client(emulator, "kms", allow("kms:Encrypt", first.arn)).encrypt(KeyId=name(first), Plaintext=b"p")


def test_decrypting_is_judged_on_the_key_that_the_ciphertext_names(emulator: Emulator, first: Key) -> None:
    blob = emulator.client("kms").encrypt(KeyId=first.arn, Plaintext=b"p")["CiphertextBlob"]
    assert missing(user_client(emulator, "kms").decrypt, CiphertextBlob=blob) == f"kms:Decrypt {first.arn}"


def test_encrypting_anew_needs_a_permission_on_either_key(emulator: Emulator, first: Key, second: Key) -> None:
    blob = emulator.client("kms").encrypt(KeyId=first.arn, Plaintext=b"p")["CiphertextBlob"]
    call = {"CiphertextBlob": blob, "DestinationKeyId": second.alias}
    assert missing(user_client(emulator, "kms").re_encrypt, **call) == f"kms:ReEncryptFrom {first.arn}"
    half = user_client(emulator, "kms", allow("kms:ReEncryptFrom"))
    assert missing(half.re_encrypt, **call) == f"kms:ReEncryptTo {second.arn}"


def test_moving_an_alias_needs_both_keys_and_the_alias(emulator: Emulator, second: Key) -> None:
    moved = make_key(emulator)
    alias = f"arn:aws:kms:us-east-1:000000000000:{moved.alias}"
    call = {"AliasName": moved.alias, "TargetKeyId": second.id}
    assert missing(user_client(emulator, "kms").update_alias, **call) == f"kms:UpdateAlias {alias}"
    for key, lacking in ((moved.arn, second.arn), (second.arn, moved.arn)):
        client = user_client(emulator, "kms", allow("kms:UpdateAlias", [alias, key]))
        assert missing(client.update_alias, **call) == f"kms:UpdateAlias {lacking}"
