"""Tags of any resource, by its ARN."""

from __future__ import annotations

from twin.emulator.hooks import Json
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.listing import page
from twin.sagemaker.store import Store


def set_tags(store: Store, arn: str, tags: list[Json] | None) -> None:
    """Add tags to a resource; a key that is there gets the new value."""
    with store.lock:
        store.of("tags").setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags or []})


def forget_tags(store: Store, arn: str) -> None:
    """Drop the tags of a resource that is no more."""
    with store.lock:
        store.of("tags").pop(arn, None)


def _tags(store: Store, arn: str) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in store.of("tags").get(arn, {}).items()]


def add_tags(call: Call) -> Json:
    """AddTags."""
    arn = call.parameters["ResourceArn"]
    set_tags(call.store, arn, call.parameters["Tags"])
    return {"Tags": _tags(call.store, arn)}


def list_tags(call: Call) -> Json:
    """ListTags."""
    return page(_tags(call.store, call.parameters["ResourceArn"]), call.parameters, "Tags")


def delete_tags(call: Call) -> Json:
    """DeleteTags."""
    with call.store.lock:
        held = call.store.of("tags").get(call.parameters["ResourceArn"], {})
        for key in call.parameters["TagKeys"]:
            held.pop(key, None)
    return {}


OPERATIONS: Operations = {"AddTags": add_tags, "ListTags": list_tags, "DeleteTags": delete_tags}
