"""Between S3 and a job's directory: what is fetched lands in the directory, whatever its key is."""

from __future__ import annotations

import errno
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from twin.sagemaker.transfer import TransferError, download_prefix, pack, unpack


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


def archive_of(folder: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    member.size = len(content)
    path = folder / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member, io.BytesIO(content))
    return path


def test_what_was_packed_is_unpacked_with_links_as_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "weights").write_bytes(b"w")
    (source / "link").symlink_to("deep/weights")
    (source / "run.sh").write_text("true")
    (source / "run.sh").chmod(0o755)
    unpack(pack(source, tmp_path / "packed.tar.gz"), tmp_path / "out")
    assert files(tmp_path / "out") == ["deep/weights", "link", "run.sh"]
    assert (tmp_path / "out" / "link").read_bytes() == b"w"
    assert not (tmp_path / "out" / "link").is_symlink()
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o100
    assert not (tmp_path / "out" / "link").stat().st_mode & 0o100


@pytest.mark.parametrize("name", ["../evil", "deep/../../evil", "/{outside}/evil", "../out-beside/evil"])
def test_a_member_that_leads_out_of_the_folder_is_refused_by_name(tmp_path: Path, name: str) -> None:
    member = tarfile.TarInfo(name.format(outside=tmp_path))
    with pytest.raises(TransferError, match="leads out of the folder"):
        unpack(archive_of(tmp_path, member, b"evil"), tmp_path / "out")
    assert files(tmp_path) == ["archive.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_member_that_is_no_file_is_refused_by_name(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("odd")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(TransferError, match="'odd' is neither a file nor a directory"):
        unpack(archive_of(tmp_path, member), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00torn"])
def test_what_is_no_archive_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(TransferError, match=r"model\.tar\.gz is not a usable"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "out")


def test_a_member_that_is_file_and_folder_at_once_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as archive:
        for name in ("same/file", "same"):
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(TransferError, match=r"archive\.tar\.gz is not a usable"):
        unpack(tmp_path / "archive.tar.gz", tmp_path / "out")


@pytest.mark.parametrize("points_to", ["nowhere", "."])
def test_a_link_that_leads_nowhere_or_back_is_named_when_it_is_packed(tmp_path: Path, points_to: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "latest").symlink_to(points_to)
    with pytest.raises(TransferError, match="latest cannot be packed"):
        pack(source, tmp_path / "packed.tar.gz")


def test_nothing_is_unpacked_outside_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with pytest.raises(TransferError, match="leads out of the folder"):
        unpack(archive_of(tmp_path, tarfile.TarInfo("../evil"), b"evil"), Path())
    assert files(tmp_path) == ["archive.tar.gz"]


def test_a_full_disk_is_not_called_a_bad_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("twin.sagemaker.transfer.shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(archive_of(tmp_path, tarfile.TarInfo("file"), b"x"), tmp_path / "out")
