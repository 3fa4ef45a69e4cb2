"""Staged folders and archives that become CDK assets, the same bytes from the same sources every time.

What an asset holds is copied together in a folder of this process first: CDK fingerprints names and contents,
so that neither the folder's own name nor a file's date can change a template.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from cdk_app.bytecode import compile_folder
from cdk_app.vendoring import vendor

ROOT = Path(__file__).resolve().parent.parent
JUDGES_OF_TRAINING_DATA = ("check_training_data",)
"""Functions that judge data by the very check that the Glue job and `fourfold check-data` make."""
SHINGLES = (
    "pipelines/preparation/__init__.py",
    "pipelines/preparation/words.py",
    "pipelines/preparation/near/__init__.py",
    "pipelines/preparation/near/shingles.py",
)
"""What the evaluation takes of preparation; they import numpy and each other."""

GATEWAY = "gateway"
GATEWAY_PACKAGES = ("anyio", "click", "h11", "idna", "pypdf", "starlette", "typing_extensions", "uvicorn")
"""What the gateway needs beside boto3: starlette, uvicorn, pypdf, and what these require."""
SETTINGS_FILE = "gateway.json"
START = "run.sh"
"""What the Lambda Web Adapter starts, at the root of the archive."""
# Lambda's own packages, boto3 among them, are not on the path of a program that a function starts.
_START = f"""#!/bin/sh
cd "$LAMBDA_TASK_ROOT" || exit 1
export PYTHONPATH="$LAMBDA_TASK_ROOT:$LAMBDA_RUNTIME_DIR"
exec python -m lambdas.{GATEWAY}
"""


class MissingSource(FileNotFoundError):
    """A folder that an asset is made of does not exist, or holds no code."""


def lambda_folder(name: str) -> Path:
    """A folder that holds `lambdas/<name>` and `lambdas/shared` under `lambdas/`, ready for `Code.from_asset`.

    A function that judges training data has `pipelines/formats` beside them.

    Raises:
        MissingSource: there is no `lambdas/<name>/handler.py`.
    """
    if not (ROOT / "lambdas" / name / "handler.py").is_file():
        raise MissingSource(f"lambdas/{name}/handler.py does not exist.")
    folder = _stage(f"lambda-{name}", "lambdas", f"lambdas/{name}", "lambdas/shared")
    if name in JUDGES_OF_TRAINING_DATA:
        _copy(ROOT / "pipelines/__init__.py", folder / "pipelines/__init__.py")
        for source in _sources("pipelines/formats"):
            _copy(source, folder / source.relative_to(ROOT))
    compile_folder(folder)
    return folder


def gateway_folder(settings: str) -> Path:
    """A folder with the gateway, the packages that it needs, its `settings`, and the script that starts it.

    Raises:
        CannotVendor: a package is missing, or is not pure Python.
    """
    folder = _stage(f"lambda-{GATEWAY}", "lambdas", f"lambdas/{GATEWAY}", "lambdas/shared")
    vendor(GATEWAY_PACKAGES, folder)
    compile_folder(folder)
    for name, text, mode in ((SETTINGS_FILE, settings, 0o644), (START, _START, 0o755)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(mode)
    return folder


def glue_script(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """The Glue job's script, one file."""
    return s3_assets.Asset(scope, construct_id, path=str(ROOT / "pipelines/preparation/job.py"))


def glue_modules(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A zip whose root holds `pipelines/preparation` and `pipelines/formats`, for `--extra-py-files`."""
    folder = _stage("glue-modules", "pipelines", "pipelines/preparation", "pipelines/formats")
    return s3_assets.Asset(scope, construct_id, path=str(folder))


def training_code(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A tar.gz with `train.py` and `requirements.txt` at its root and `pipelines/tuning` beside them."""
    folder = _stage("training-code", "pipelines", "pipelines/tuning")
    for name in ("train.py", "requirements.txt"):
        _copy(ROOT / "pipelines/tuning" / name, folder / name)
    archive = folder.with_suffix(".tar.gz")
    archive.write_bytes(tar_gz(folder))
    return s3_assets.Asset(scope, construct_id, path=str(archive))


def evaluation_code(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A zip that Python runs: `__main__.py` at its root and `pipelines/tuning` beside it.

    Test records are looked for in train by preparation's own shingles, so those few modules come along.
    """
    folder = _stage("evaluation-code", "pipelines", "pipelines/tuning")
    for name in SHINGLES:
        _copy(ROOT / name, folder / name)
    _copy(ROOT / "pipelines/tuning/__main__.py", folder / "__main__.py")
    return s3_assets.Asset(scope, construct_id, path=str(folder))


def page_files(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A zip of `web/`, as it lies there.

    Raises:
        MissingSource: there is no `web/index.html`.
    """
    if not (ROOT / "web/index.html").is_file():
        raise MissingSource("web/index.html does not exist.")
    target = Path(_staging().name) / "page"
    shutil.rmtree(target, ignore_errors=True)
    for source in _sources("web"):
        _copy(source, target / source.relative_to(ROOT / "web"))
    return s3_assets.Asset(scope, construct_id, path=str(target))


def tar_gz(folder: Path) -> bytes:
    """The files of `folder` as a tar.gz that depends on nothing but their names and contents."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    # Stored, not compressed: what a compressor writes differs between versions of zlib.
    return gzip.compress(archive.getvalue(), compresslevel=0, mtime=0)


@cache
def _staging() -> TemporaryDirectory[str]:
    """One folder for all staged files of this process; it goes when the process ends."""
    return TemporaryDirectory(prefix="fourfold-assets-")


def _stage(name: str, package: str, *folders: str) -> Path:
    """Copy `folders`, and the `__init__.py` of the package they are in, under a fresh folder `name`."""
    target = Path(_staging().name) / name
    shutil.rmtree(target, ignore_errors=True)
    _copy(ROOT / package / "__init__.py", target / package / "__init__.py")
    for folder in folders:
        for source in _sources(folder):
            _copy(source, target / source.relative_to(ROOT))
    return target


def _sources(folder: str) -> list[Path]:
    sources = [path for path in sorted((ROOT / folder).rglob("*")) if _belongs(path)]
    if not sources:
        raise MissingSource(f"{folder} holds no file to make an asset of.")
    return sources


def _belongs(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return path.is_file() and "__pycache__" not in parts and not any(part.startswith(".") for part in parts)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise MissingSource(f"{source.relative_to(ROOT)} does not exist.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)
