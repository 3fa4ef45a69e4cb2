"""The page's files as objects: each with the type that browsers want, none kept by a browser without asking again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from lambdas.shared import aws
from lambdas.shared.errors import FunctionError

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
CONFIGURATION = "config.json"
# Files keep their names from one version to the next, so a browser has to ask whether its own is still good.
ASK_AGAIN, NEVER_KEEP = "no-cache", "no-store"
MAX_ARCHIVE_BYTES = 20_000_000


class UnknownFile(FunctionError):
    """The archive holds a file that no browser is told the type of."""


def unpack(archive_bucket: str, archive_key: str, bucket: str, prefix: str) -> int:
    """Write every file of a zip under `prefix`, and give how many there are.

    Raises:
        UnknownFile: a file is of a type that is not in `TYPES`, or the archive is larger than any page of ours.
    """
    body = aws.client("s3").get_object(Bucket=archive_bucket, Key=archive_key)["Body"]
    content = body.read(MAX_ARCHIVE_BYTES + 1)
    where = f"s3://{archive_bucket}/{archive_key}"
    if len(content) > MAX_ARCHIVE_BYTES:
        raise UnknownFile(f"The archive has more than {MAX_ARCHIVE_BYTES:,} bytes", where=where, remedy="Shorten web/.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = sorted(name for name in archive.namelist() if not name.endswith("/"))
        if unknown := [name for name in names if PurePosixPath(name).suffix not in TYPES]:
            remedy = "Add their types to lambdas/publish_page/files.py, or take them out of web/."
            raise UnknownFile(f"No type is known for {', '.join(unknown)}", where=where, remedy=remedy)
        for name in names:
            _write(bucket, f"{prefix}{name}", archive.read(name), ASK_AGAIN)
    return len(names)


def write_configuration(bucket: str, prefix: str, configuration: Mapping[str, object]) -> None:
    """Write what the page reads first."""
    _write(bucket, f"{prefix}{CONFIGURATION}", json.dumps(configuration, indent=1).encode(), NEVER_KEEP)


def delete(bucket: str, prefix: str) -> None:
    """Delete every version of every object under a prefix, and what marks objects as deleted.

    They are in the project's own sources, and CloudFormation deletes a bucket only where no version is left.
    """
    client = aws.client("s3")
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def _write(bucket: str, key: str, content: bytes, cache: str) -> None:
    aws.client("s3").put_object(
        Bucket=bucket, Key=key, Body=content, ContentType=TYPES[PurePosixPath(key).suffix], CacheControl=cache
    )
