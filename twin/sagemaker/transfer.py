"""Between S3 and a directory, with a role's client."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

_CHUNK = 1 << 20
# Stored, not compressed: an artefact is mostly quantized weights, which would cost seconds and hardly shrink.
_COMPRESSION_LEVEL = 0
# What an archive's content is to blame for; a full disk, also an OSError, is not.
_BAD_ARCHIVE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
)


class TransferError(Exception):
    """Something could not be fetched or put; the text says what, and for a denial role, action and resource."""


def _failed(what: str, error: ClientError) -> TransferError:
    return TransferError(f"{what} {error.response['Error'].get('Message', error)}")


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an `s3://` address. Raises TransferError for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise TransferError(f"'{uri}' is not an S3 address.")
    return bucket, key


def download_prefix(s3: Any, uri: str, folder: Path) -> int:
    """Fetch what lies at or under `uri` into `folder`, under the same names; gives the number of bytes.

    Raises TransferError when nothing lies there, the role may not read it, or a name leads out of `folder`.
    """
    bucket, prefix = split_uri(uri)
    size = 0
    try:
        keys = list(_keys(s3, bucket, prefix))
        for key in keys:
            size += _fetch(s3, bucket, key, _inside(folder, _relative(key, prefix), key))
    except ClientError as error:
        raise _failed(f"Data download failed: {uri}.", error) from error
    if not keys:
        raise TransferError(f"Data download failed: S3 key: {uri} matched no files on s3")
    return size


def download_file(s3: Any, uri: str, target: Path) -> Path:
    """Fetch one object. Raises TransferError when it does not exist, or the role may not read it."""
    bucket, key = split_uri(uri)
    try:
        _fetch(s3, bucket, key, target)
    except ClientError as error:
        raise _failed(f"Data download failed: {uri}.", error) from error
    return target


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for listed in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in listed.get("Contents", ()):
            if not found["Key"].endswith("/"):
                yield found["Key"]


def _relative(key: str, prefix: str) -> str:
    """The path of an object under its channel: below the prefix, or for an object that is the prefix its name."""
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    if prefix and not key.startswith(folder):
        folder = prefix[: prefix.rfind("/") + 1]
    return key.removeprefix(folder) if prefix else key


def _inside(folder: Path, relative: str, key: str) -> Path:
    # A key is any text, and not every one is a name for a file: `..` leads up, a leading slash to the root.
    root = folder.resolve()
    target = Path(os.path.normpath(root / relative))
    if root not in target.parents:
        raise TransferError(f"Data download failed: the S3 key '{key}' leads out of the folder that it is fetched to.")
    return target


def _fetch(s3: Any, bucket: str, key: str, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    # GetObject, not HeadObject first: only a GetObject that is denied says why.
    with target.open("wb") as file:
        shutil.copyfileobj(s3.get_object(Bucket=bucket, Key=key)["Body"], file, _CHUNK)
    return target.stat().st_size


def upload_folder(s3: Any, folder: Path, uri: str, kms_key: str | None) -> int:
    """Put the files of `folder` under `uri`; gives how many. Raises TransferError when the role may not."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        upload_file(s3, path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}", kms_key)
    return len(files)


def upload_file(s3: Any, path: Path, uri: str, kms_key: str | None) -> None:
    """Put one object, encrypted with the key if there is one. Raises TransferError when the role may not."""
    bucket, key = split_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    try:
        with path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)
    except ClientError as error:
        raise _failed(f"Artifact upload failed: {uri}.", error) from error


def pack(folder: Path, target: Path) -> Path:
    """Write what lies in `folder` as a tar.gz; a link becomes what it points to.

    Raises TransferError for a link that leads nowhere, or back to a folder that it lies in.
    """
    with tarfile.open(target, "w:gz", compresslevel=_COMPRESSION_LEVEL, dereference=True) as archive:
        for path in sorted(folder.iterdir()):
            try:
                archive.add(path, arcname=path.name)
            except OSError as error:
                raise TransferError(f"{path.name} cannot be packed: {error}") from error
    return target


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the directories and files of a tar.gz; nothing lands outside `folder`.

    Raises TransferError where it is none, or holds a name that leads out of the folder, a link or a device.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                _unpack_member(opened, member, folder)
    except _BAD_ARCHIVE as error:
        raise TransferError(f"{archive.name} is not a usable tar.gz archive: {error}") from error


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    # By hand, since `extractall(filter="data")` came with Python 3.11.4 and some systems have an older one.
    root = folder.resolve()
    target = Path(os.path.normpath(root / member.name))
    if target != root and root not in target.parents:
        raise TransferError(f"The archive's member '{member.name}' leads out of the folder that it is unpacked to.")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise TransferError(f"The archive's member '{member.name}' is neither a file nor a directory.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
    if member.mode & stat.S_IXUSR:
        target.chmod(target.stat().st_mode | stat.S_IXUSR)
