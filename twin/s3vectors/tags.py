"""The tags of buckets and indexes."""

from __future__ import annotations

from twin.emulator.hooks import Json, Request
from twin.s3vectors import errors, store
from twin.s3vectors.names import resource_target

MOST_TAGS = 50


def checked(given: dict[str, str] | None) -> dict[str, str]:
    """Tags that a user may set. Raises ServiceError ValidationException."""
    tags = dict(given or {})
    if len(tags) > MOST_TAGS:
        raise errors.validation("Too many tags specified")
    if own := [key for key in tags if key.lower().startswith("aws:")]:
        raise errors.validation(f"System tags cannot be added/updated by requester: {', '.join(own)}")
    return tags


def tag_resource(request: Request, given: Json) -> Json:
    """TagResource."""
    tagged = store.tagged(resource_target(request, given))
    tagged.tags = checked({**tagged.tags, **given["tags"]})
    return {}


def untag_resource(request: Request, given: Json) -> Json:
    """UntagResource."""
    tagged = store.tagged(resource_target(request, given))
    tagged.tags = {key: value for key, value in tagged.tags.items() if key not in given["tagKeys"]}
    return {}


def list_tags_for_resource(request: Request, given: Json) -> Json:
    """ListTagsForResource."""
    return {"tags": store.tagged(resource_target(request, given)).tags}
