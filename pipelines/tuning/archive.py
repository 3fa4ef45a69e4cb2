"""What training left in model.tar.gz: the adapter or checkpoint, and the labels. Read member by member.

The archive also holds the served model, which is larger than all else: it is never unpacked here.
"""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.tuning.container import TuningError
from pipelines.tuning.methods import WEIGHTS


@contextmanager
def opened(folder: Path) -> Iterator[tarfile.TarFile]:
    """Open model.tar.gz.

    Raises:
        TuningError: there is no such archive, or it is torn.
    """
    archive = folder / "model.tar.gz"
    if not archive.is_file():
        raise TuningError(f"There is no model.tar.gz under {folder}. Did the training job finish?")
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TuningError(f"{archive.name} is not a whole archive: {error}. Train again.") from error


def labels_in(folder: Path) -> list[str]:
    """Give the labels that training found, out of model.tar.gz; none where it found none."""
    return [str(label) for label in report_in(folder).get("labels", [])]


def report_in(folder: Path) -> dict[str, Any]:
    """Give `training.json` out of model.tar.gz; nothing where there is none.

    Raises:
        TuningError: there is no such archive, or it is torn.
    """
    with opened(folder) as tar:
        for member in tar:
            if member.name.removeprefix("./") == "training.json" and (content := tar.extractfile(member)):
                report: dict[str, Any] = json.load(content)
                return report
    return {}


def unpack_learned(folder: Path, target: Path) -> Path:
    """Take what was learned out of model.tar.gz, an adapter or a checkpoint, and give its directory.

    Raises:
        TuningError: there is no such archive, it is torn, or holds neither, or one whose files are none.
    """
    with opened(folder) as tar:
        for member in tar:
            if not member.isdir() and Path(member.name).parts[0] in WEIGHTS:
                _unpack_file(tar, member, target)
    for name, sign in WEIGHTS.items():
        if (target / name / sign).is_file():
            return target / name
    places = " and no ".join(f"{name}/{sign}" for name, sign in WEIGHTS.items())
    raise TuningError(f"model.tar.gz holds no {places}. Was it made by train.py?")


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    # By hand, since `extractall(filter="data")` came with Python 3.11.4. What was learned is files without folders.
    path = Path(member.name)
    content = tar.extractfile(member) if member.isfile() else None
    if len(path.parts) != 2 or path.name == ".." or content is None:
        raise TuningError(f"The archive's member '{member.name}' is no file of a model. Was it made by train.py?")
    (target / path.parts[0]).mkdir(parents=True, exist_ok=True)
    with content, (target / path).open("wb") as file:
        shutil.copyfileobj(content, file)
