"""The user's own files of one data set: which there are, and under which names they lie in the raw bucket.

A file is named as it is, a file of a folder by its way from there. In a folder only what the preparation reads counts,
and nothing that is hidden: a backup of an editor would be a second copy of the data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twin.run.data_file import READ, format_of

_SHOWN = 5


@dataclass(frozen=True)
class DataFile:
    """A file, and its name below the data set's prefix."""

    name: str
    path: Path


@dataclass(frozen=True)
class DataFiles:
    """The files of a data set.

    Attributes:
        option: the option of the command that they were given with.
        files: what is read, in the order of their keys.
        left_out: what a folder holds beside them.
        problems: what cannot be, each with its remedy.
    """

    option: str
    files: tuple[DataFile, ...] = ()
    left_out: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def readable(self) -> tuple[DataFile, ...]:
        """The files that there are, and that the preparation reads: all of them, where there are no problems."""
        return tuple(file for file in self.files if file.path.is_file() and format_of(file.path.name) is not None)

    def notice(self) -> str:
        """Say what of the folders is not read; empty where that is nothing."""
        if not self.left_out:
            return ""
        return f"Not read by the preparation, and left out: {shortened(map(str, self.left_out))}."


def find_data_files(option: str, given: Sequence[Path]) -> DataFiles:
    """Look what files and folders hold; `option` is named in messages."""
    files: list[DataFile] = []
    left_out: list[Path] = []
    problems: list[str] = []
    for path in given:
        if not path.is_dir():
            files.append(DataFile(path.name, path))
            problems += _unread(path)
            continue
        read, other = _of_folder(path)
        files += read
        left_out += other
        if not read:
            problems.append(f"{path}: the folder holds no file that the preparation reads: {READ}. Give another one.")
    files.sort(key=lambda file: file.name.encode())
    problems += _repeated(option, files)
    return DataFiles(option, tuple(files), tuple(left_out), tuple(problems))


def shortened(names: Iterable[str], shown: int = _SHOWN) -> str:
    """Name the first few of many."""
    every = list(names)
    more = f" and {len(every) - shown:,} more" if len(every) > shown else ""
    return ", ".join(every[:shown]) + more


def _unread(path: Path) -> Iterator[str]:
    if not path.is_file():
        yield f"There is no file {path}. See to its name."
    elif format_of(path.name) is None:
        yield f"{path}: the preparation reads {READ}. Convert the file to one of these."


def _of_folder(folder: Path) -> tuple[list[DataFile], list[Path]]:
    read, other = [], []
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            # A link to a folder is not gone into: it may lead out of the folder that was given, or back into it.
            other += [path] if path.is_symlink() else []
            continue
        way = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in way.parts)
        if hidden or format_of(path.name) is None or not path.is_file():
            other.append(path)
        else:
            read.append(DataFile(way.as_posix(), path))
    return read, other


def _repeated(option: str, files: Iterable[DataFile]) -> Iterator[str]:
    by_name: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        by_name[file.name].append(file.path)
    for name, paths in by_name.items():
        if len(set(paths)) > 1:
            places = " and ".join(map(str, paths))
            yield f"{option}: {places} would both be {name} in the data set. Rename one, or give the folder above both."
        elif len(paths) > 1:
            yield f"{option}: {paths[0]} is given more than once. Give it once."
