"""Between S3 and a job's directory: what is fetched lands in the directory, whatever its key is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from twin.sagemaker.transfer import TransferError, download_prefix


class Bucket:
    """S3 with these keys, each object the content `x`; the role may read all of them."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def get_paginator(self, _operation: str) -> Bucket:
        return self

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.keys]}]

    def get_object(self, **_request: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"x")}


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_objects_land_in_the_folder_under_their_names(tmp_path: Path) -> None:
    bucket = Bucket("train/a.jsonl", "train/deep/b.jsonl", "train/deep/../c.jsonl")
    assert download_prefix(bucket, "s3://bucket/train/", tmp_path) == 3
    assert files(tmp_path) == ["a.jsonl", "c.jsonl", "deep/b.jsonl"]


@pytest.mark.parametrize(
    "key", ["train/../evil", "train/deep/../../../evil", "train//{outside}/evil", "train/../in-beside/evil", "train/."]
)
def test_a_key_that_leads_out_of_the_folder_is_refused_by_name(tmp_path: Path, key: str) -> None:
    folder, key = tmp_path / "in", key.format(outside=tmp_path)
    with pytest.raises(TransferError, match="leads out of the folder") as error:
        download_prefix(Bucket(key), "s3://bucket/train/", folder)
    assert key in str(error.value)
    assert files(tmp_path) == []
