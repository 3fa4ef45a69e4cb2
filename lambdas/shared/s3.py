"""Reading and writing objects: streamed, in order, and never more than a stated number of bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from lambdas.shared import aws
from lambdas.shared.errors import FunctionError, InvalidRecord

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 256 * 1024


def keys(bucket: str, prefix: str, limit: int = 20_000) -> list[str]:
    """List the keys under a prefix, sorted; raises as `sizes`."""
    return list(sizes(bucket, prefix, limit))


def sizes(bucket: str, prefix: str, limit: int = 20_000) -> dict[str, int]:
    """List the keys under a prefix, sorted, with how many bytes each object has.

    Raises:
        InvalidRecord: there are more than `limit`, which no run of ours writes.
    """
    found: dict[str, int] = {}
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        found.update((str(item["Key"]), int(item["Size"])) for item in page.get("Contents", []))
        if len(found) > limit:
            raise InvalidRecord(
                f"More than {limit:,} objects lie under one prefix",
                where=f"s3://{bucket}/{prefix}",
                remedy="Write fewer and larger files.",
            )
    return dict(sorted(found.items()))


def lines(bucket: str, key: str, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """Stream an object's lines without their line ends; blank lines are left out.

    Raises:
        InvalidRecord: a line is longer than `max_line_bytes`.
    """
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    rest = b""
    try:
        for chunk in body.iter_chunks(CHUNK_BYTES):
            *complete, rest = (rest + chunk).split(b"\n")
            yield from (line for line in complete if line.strip())
            if len(rest) > max_line_bytes:
                raise InvalidRecord(
                    f"A line is longer than {max_line_bytes:,} bytes",
                    where=f"s3://{bucket}/{key}",
                    remedy="Lower data.max_record_bytes, so that preparation rejects such records.",
                )
    finally:
        body.close()
    if rest.strip():
        yield rest


def document(
    bucket: str, key: str, error: type[FunctionError] = InvalidRecord, max_bytes: int = MAX_DOCUMENT_BYTES
) -> tuple[object, str]:
    """Read one JSON document.

    Returns:
        The parsed document, and the SHA-256 of its bytes in hex.

    Raises:
        error: it is longer than `max_bytes`, or not JSON.
    """
    where = f"s3://{bucket}/{key}"
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    try:
        content = body.read(max_bytes + 1)
    finally:
        body.close()
    if len(content) > max_bytes:
        raise error(f"The document is longer than {max_bytes:,} bytes", where=where, remedy="Run again.")
    try:
        return json.loads(content), hashlib.sha256(content).hexdigest()
    except (ValueError, RecursionError):
        raise error("The document is not JSON", where=where, remedy="Run the step that wrote it again.") from None


def sha256(bucket: str, key: str) -> str:
    """Give the SHA-256 of an object's bytes in hex."""
    digest = hashlib.sha256()
    body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    try:
        for chunk in body.iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
    finally:
        body.close()
    return digest.hexdigest()


def write_document(bucket: str, key: str, value: object) -> None:
    """Write one JSON document, readable and with sorted keys."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    _write(bucket, key, text, "application/json")


def write_lines(bucket: str, key: str, values: Iterable[object]) -> None:
    """Write one JSON document a line."""
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    _write(bucket, key, text, "application/x-ndjson")


def _write(bucket: str, key: str, text: str, content_type: str) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type)
