"""Which permission a request to OpenSearch Serverless's control plane needs, beside the action that it names.

Resources are those of AWS's service authorization reference: operations on one collection have its ARN, all others have
none. What is sent to a collection itself is judged at its endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import Permission, Request, ServiceError

_ON_A_COLLECTION = ("DeleteCollection", "UpdateCollection")
_ON_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
# Whoever chooses a key lets the service use it in their name.
_WITH_KEYS = ("CreateCollection", "CreateSecurityPolicy", "UpdateSecurityPolicy")
_OF_KEYS = ("kms:DescribeKey", "kms:CreateGrant")


def collection_resource(request: Request) -> str | None:
    """The ARN of the collection that the request names, or `*`."""
    given = _given(request)
    if request.operation in _ON_TAGS:
        return str(given.get("resourceArn") or "*")
    if request.operation in _ON_A_COLLECTION and given.get("id"):
        return f"arn:aws:aoss:{request.region}:{request.account}:collection/{given['id']}"
    return "*"


def further_aoss(request: Request) -> Iterable[Permission]:
    """The permission to tag what is made, and those on the key that is chosen."""
    given = _given(request)
    if request.operation == "CreateCollection" and (tags := given.get("tags")) and isinstance(tags, list):
        asked = {str(tag.get("key")): tag.get("value") for tag in tags if isinstance(tag, dict)}
        keys = {f"aws:RequestTag/{key}": value for key, value in asked.items()}
        yield Permission("aoss:TagResource", "*", {**keys, "aws:TagKeys": list(asked)})
    if request.operation in _WITH_KEYS and (key := _key(given)):
        via = {"kms:ViaService": f"aoss.{request.region}.amazonaws.com"}
        yield from (Permission(action, hooks.key_arn(key), via) for action in _OF_KEYS)


def keys_of_collection(arn: str) -> dict[str, Any]:
    """What conditions see of the collection with this ARN."""
    collection = hooks.collection_of(arn.rpartition("/")[2])
    if collection is None or collection.arn != arn:
        return {}
    tags = {f"aws:ResourceTag/{key}": value for key, value in hooks.collection_tags(arn).items()}
    return {"aoss:collection": collection.name, "aoss:CollectionId": collection.id, **tags}


def _key(given: dict[str, Any]) -> str | None:
    chosen = (given.get("encryptionConfig") or {}).get("kmsKeyArn")
    try:
        policy = json.loads(given.get("policy") or "{}")
    except (TypeError, ValueError):
        return None  # the service says that it is no policy
    named = policy.get("KmsARN") if isinstance(policy, dict) else None
    return str(chosen or named) if chosen or named else None


def _given(request: Request) -> dict[str, Any]:
    """The parameters; none of a body that cannot be read, which the service then refuses."""
    try:
        return request.parameters
    except ServiceError:
        return {}
