"""Vector buckets and indexes as requests name them: by name, or by ARN."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from twin.emulator.hooks import Request
from twin.s3vectors import errors

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_INDEX_PART = "/index/"


@dataclass(frozen=True)
class Target:
    """What a request is about: a bucket, or an index in one."""

    bucket_arn: str
    index: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"{self.bucket_arn}{_INDEX_PART}{self.index}" if self.index else self.bucket_arn


def bucket_arn(request: Request, name: str) -> str:
    """The ARN of the caller's bucket with this name."""
    return f"arn:aws:s3vectors:{request.region}:{request.account}:bucket/{name}"


def target_of_arn(arn: str) -> Target:
    """What an ARN names."""
    bucket, _, index = arn.partition(_INDEX_PART)
    return Target(bucket, index or None)


def named(request: Request, given: dict[str, Any]) -> Target | None:
    """What a request's parameters name, or None where they name nothing, or not all of it, or name it twice."""
    names = {key: given[key] for key in ("vectorBucketName", "indexName") if given.get(key)}
    arns = [str(given[key]) for key in ("indexArn", "vectorBucketArn", "resourceArn") if given.get(key)]
    if len(arns) == 1 and not names:
        return target_of_arn(arns[0])
    # An index is made in a bucket that may be named either way.
    if len(arns) == 1 and list(names) == ["indexName"] and "vectorBucketArn" in given:
        return Target(arns[0], str(names["indexName"]))
    if not arns and "vectorBucketName" in names:
        return Target(bucket_arn(request, str(names["vectorBucketName"])), names.get("indexName"))
    return None


def resource_target(request: Request, given: dict[str, Any]) -> Target:
    """What a request's `resourceArn` names. Raises ServiceError NotFoundException."""
    return _here(request, target_of_arn(given["resourceArn"]))


def bucket_target(request: Request, given: dict[str, Any]) -> Target:
    """The bucket that a request names. Raises ServiceError ValidationException and NotFoundException."""
    found = named(request, given)
    if found is None:
        raise errors.validation("Must specify either vectorBucketName or vectorBucketArn, and not both")
    return _here(request, found)


def index_target(request: Request, given: dict[str, Any]) -> Target:
    """The index that a request names. Raises ServiceError ValidationException and NotFoundException."""
    found = named(request, given)
    if found is None or found.index is None:
        raise errors.validation("Must specify either both vectorBucketName and indexName, or indexArn, and not both")
    return _here(request, found)


def _here(request: Request, target: Target) -> Target:
    """What is named, in the Region that is asked: it knows of none elsewhere."""
    if target.bucket_arn.split(":")[3:4] != [request.region]:
        raise errors.not_found("index" if target.index else "vector bucket")
    return target


def check_bucket_name(name: str) -> None:
    """Raise ServiceError ValidationException for what cannot name a bucket."""
    if not _BUCKET_NAME.fullmatch(name):
        raise errors.validation(
            f"Invalid vector bucket name {name}: 3 to 63 lowercase letters, numbers and hyphens, beginning and ending "
            "with a letter or number"
        )


def check_index_name(name: str) -> None:
    """Raise ServiceError ValidationException for what cannot name an index."""
    if not _INDEX_NAME.fullmatch(name):
        raise errors.validation(
            f"Invalid vector index name {name}: 3 to 63 lowercase letters, numbers, hyphens and dots, beginning and "
            "ending with a letter or number"
        )
