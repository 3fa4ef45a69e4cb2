"""Outputs of a run, for its report."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.unit.report.conftest import cluster

OUTPUTS = {"CuratedBucketName": "curated", "QuarantineBucketName": "quarantine", "ModelsBucketName": "models"}

SECRET = "jane.doe@example.com"


class Buckets:
    """An S3 client over a dictionary: (bucket, key) → object or lines."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}

    def put(self, bucket: str, key: str, *documents: Any) -> None:
        self.objects[bucket, key] = b"\n".join(json.dumps(document).encode() for document in documents)

    def get_paginator(self, _operation: str) -> Buckets:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Contents": [{"Key": k} for b, k in sorted(self.objects) if b == Bucket and k.startswith(Prefix)]}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = self.objects[Bucket, Key]
        return {"Body": StreamingBody(BytesIO(body), len(body))}


def quarantined(reason: str, line: int) -> dict[str, Any]:
    return {
        "reason": reason,
        "detail": "1 email",
        "source": {"key": "d/data.jsonl", "line": line},
        "bytes": 80,
        "raw": f'{{"text": "Write to {SECRET}"}}',
        "another_field": SECRET,
    }


def prepared() -> Buckets:
    buckets = Buckets()
    manifest = {
        "input": 10,
        "kept": 6,
        "rejected": {"personal_data": 3, "too_short": 1, "empty": 0},
        "splits": {"train": 4, "validation": 1, "test": 1},
        "redacted": {"email": 2},
        "near_duplicates": {"clusters": 1, "records": 3, "largest": 3},
        "stages": [],
        "profile": {"clusters": {"largest": [cluster()] * 6}, "rejected": {}},
    }
    buckets.put("curated", "d/run=r1/manifest.json", manifest)
    lines = [quarantined("personal_data", n) for n in (3, 5, 8)]
    buckets.put("quarantine", "d/run=r1/reason=personal_data/part-00000.jsonl", *lines)
    buckets.put("quarantine", "d/run=r1/reason=too_short/part-00000.jsonl", quarantined("too_short", 9))
    return buckets
