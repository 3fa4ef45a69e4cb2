"""Copies packages out of this environment into a function's archive: what Lambda's runtime does not carry.

Only pure Python can be copied, because the function's processor is another than this machine's. The versions are
those of requirements.txt, which this environment was installed from.
"""

from __future__ import annotations

import shutil
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path

_NATIVE = {".a", ".dll", ".dylib", ".o", ".pyd", ".so"}
_METADATA = ".dist-info"


class CannotVendor(Exception):
    """A package is not installed, or holds what no other machine can run."""


def vendor(names: tuple[str, ...], folder: Path) -> None:
    """Copy the files of the distributions `names` to where `import` finds them from `folder`.

    Scripts and what an installer noted about this environment stay behind; licences and the version come along.

    Raises:
        CannotVendor: with everything that is wrong.
    """
    problems: list[str] = []
    for name in names:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            problems.append(f"{name} is not installed: run `make setup`.")
            continue
        files = [file for file in found.files or () if _belongs(file)]
        native = [str(file) for file in files if _NATIVE & {suffix.lower() for suffix in file.suffixes}]
        problems += [f"{name} {found.version} is not pure Python: {file}." for file in native]
        if not native:
            _copy(found, files, folder)
    if problems:
        raise CannotVendor("\n".join(problems))


def _belongs(file: PackagePath) -> bool:
    first, *inner = file.parts
    if first == ".." or "__pycache__" in file.parts:
        return False
    return not first.endswith(_METADATA) or inner[0] in ("METADATA", "licenses")


def _copy(found: Distribution, files: list[PackagePath], folder: Path) -> None:
    for file in files:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(found.locate_file(file)), target)
        target.chmod(0o644)
