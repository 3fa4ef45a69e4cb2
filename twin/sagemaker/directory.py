"""The `/opt/ml` of a job or of a served model."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

CONTAINER_ROOT = "/opt/ml"
HOST = "algo-1"
_IN_CONTAINER = re.compile(r"(?<![\w./-])/opt/ml(?=/|$)")
_INHERITED = ("LANG", "LC_ALL", "TZ")


class ContainerDirectory:
    """A directory that stands for `/opt/ml` of a container: `root` is that place."""

    def __init__(self, kind: str, name: str) -> None:
        """Make an empty directory for what has that name among its kind."""
        self.root = Path(os.environ["FOURFOLD_WORK_DIR"]) / "sagemaker" / kind / name
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)

    def path(self, in_container: str) -> Path:
        """Where a path of the container lies here. Raises ValueError for one outside `/opt/ml`."""
        relative = Path(in_container).relative_to(CONTAINER_ROOT)
        if ".." in relative.parts:
            raise ValueError(f"{in_container} leads out of {CONTAINER_ROOT}.")
        return self.root / relative

    def folder(self, in_container: str) -> Path:
        """As `path`, and the folder is there afterwards."""
        path = self.path(in_container)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def localize(self, text: str) -> str:
        """`text` with the container's paths in it replaced: what a mount would do for a process in a container."""
        return _IN_CONTAINER.sub(str(self.root), text)

    def write_json(self, in_container: str, content: Any) -> None:
        """Write a file of JSON."""
        path = self.path(in_container)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2))

    def environment(self) -> dict[str, str]:
        """What every process of a job has in its environment: this Python first on the path, and the layout's root."""
        folder = self.root / "tmp"
        folder.mkdir(exist_ok=True)
        binaries = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            "PATH": os.pathsep.join(binaries),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONUNBUFFERED": "1",
            "SAGEMAKER_BASE_DIR": str(self.root),
        }

    def remove(self) -> None:
        """Delete everything in it."""
        shutil.rmtree(self.root, ignore_errors=True)
