"""S3 Vectors as one handler."""

from __future__ import annotations

import json
from collections.abc import Callable

from twin.emulator.hooks import Json, Request, Response, ServiceError
from twin.s3vectors import buckets, calls, indexes, queries, tags, vectors

Operation = Callable[[Request, Json], Json]

OPERATIONS: dict[str, Operation] = {
    "CreateIndex": indexes.create_index,
    "CreateVectorBucket": buckets.create_vector_bucket,
    "DeleteIndex": indexes.delete_index,
    "DeleteVectorBucket": buckets.delete_vector_bucket,
    "DeleteVectorBucketPolicy": buckets.delete_vector_bucket_policy,
    "DeleteVectors": vectors.delete_vectors,
    "GetIndex": indexes.get_index,
    "GetVectorBucket": buckets.get_vector_bucket,
    "GetVectorBucketPolicy": buckets.get_vector_bucket_policy,
    "GetVectors": vectors.get_vectors,
    "ListIndexes": indexes.list_indexes,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListVectorBuckets": buckets.list_vector_buckets,
    "ListVectors": vectors.list_vectors,
    "PutVectorBucketDefaultIndexMode": buckets.put_vector_bucket_default_index_mode,
    "PutVectorBucketPolicy": buckets.put_vector_bucket_policy,
    "PutVectors": vectors.put_vectors,
    "QueryVectors": queries.query_vectors,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateIndexMode": indexes.update_index_mode,
}


def handle(request: Request) -> Response:
    """Answer one request. Raises ServiceError."""
    operation = calls.operation_of(request)
    if operation not in OPERATIONS:
        what = operation or f"{request.method} {request.path}"
        raise ServiceError("UnknownOperationException", f"S3 Vectors has no {what} here.", 404)
    try:
        given = calls.parameters_of(request)
        calls.check(operation, given)
        answer = OPERATIONS[operation](request, given)
    finally:
        calls.forget()
    return Response(json.dumps(answer).encode())
