"""Vector indexes: making, showing, listing and deleting them."""

from __future__ import annotations

from twin.emulator.hooks import Json, Request
from twin.s3vectors import encryption, errors, store, tags
from twin.s3vectors.names import Target, bucket_target, check_index_name, index_target, target_of_arn
from twin.s3vectors.paging import page_of_names

MODE = "ENHANCED"
"""How every index of a bucket that is made today answers: the filter first, then the search."""


def create_index(request: Request, given: Json) -> Json:
    """CreateIndex."""
    name = given["indexName"]
    check_index_name(name)
    own = encryption.configured(given["encryptionConfiguration"]) if given.get("encryptionConfiguration") else None
    non_filterable = (given.get("metadataConfiguration") or {}).get("nonFilterableMetadataKeys", [])
    if len(set(non_filterable)) < len(non_filterable):
        raise errors.validation("nonFilterableMetadataKeys must not contain a key twice")
    bucket = store.bucket_of(bucket_target(request, given))
    target = Target(bucket.arn, name)
    configured = own or bucket.encryption
    encryption.check_service(request, configured, target.arn)
    index = store.Index(
        name=name,
        arn=target.arn,
        dimension=given["dimension"],
        metric=given["distanceMetric"],
        non_filterable=tuple(non_filterable),
        encryption=configured,
        tags=tags.checked(given.get("tags")),
    )
    store.add_index(target, index)
    return {"indexArn": index.arn}


def get_index(request: Request, given: Json) -> Json:
    """GetIndex."""
    target = index_target(request, given)
    index = store.index_of(target)
    shown = {
        **_summary(index),
        "dataType": "float32",
        "dimension": index.dimension,
        "distanceMetric": index.metric,
        "encryptionConfiguration": index.encryption,
        "indexMode": MODE,
    }
    if index.non_filterable:
        shown["metadataConfiguration"] = {"nonFilterableMetadataKeys": list(index.non_filterable)}
    return {"index": shown}


def list_indexes(request: Request, given: Json) -> Json:
    """ListIndexes, by name."""
    bucket = store.bucket_of(bucket_target(request, given))
    return page_of_names("indexes", dict(bucket.indexes), given, _summary)


def delete_index(request: Request, given: Json) -> Json:
    """DeleteIndex, with its vectors."""
    store.remove_index(index_target(request, given))
    return {}


def update_index_mode(request: Request, given: Json) -> Json:
    """UpdateIndexMode: to the mode that every index here has."""
    store.index_of(index_target(request, given))
    check_mode(given["indexMode"])
    return {}


def check_mode(mode: str) -> None:
    """Refuse the mode of indexes whose bucket is older than the twin. Raises ServiceError ValidationException."""
    if mode != MODE:
        raise errors.validation(
            f"{mode} can be had only in vector buckets created before September 30, 2026; this one is {MODE}"
        )


def _summary(index: store.Index) -> Json:
    bucket_arn = target_of_arn(index.arn).bucket_arn
    return {
        "vectorBucketName": bucket_arn.rpartition("/")[2],
        "indexName": index.name,
        "indexArn": index.arn,
        "creationTime": index.created,
    }
