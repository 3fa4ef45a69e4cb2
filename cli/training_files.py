"""The files that training data is read from: those that are given, those of folders, and what folders have beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from cli.trained_model import WrongUsage
from cli.words import some_of

SUFFIXES = (".jsonl", ".jsonl.gz")
SPLITS = ("train", "validation", "test")
"""Folders that the preparation writes side by side."""
MOST_SKIPPED = 5
"""As many files are named of those that are not read for one reason."""
FOR_RAW_DATA = (
    "Training files for Bedrock and SageMaker are checked here, as the preparation writes them. "
    "Data that is still to be prepared needs no such check: `fourfold run --data FILE` looks at it first."
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was given, as files."""

    read: list[Path]
    """Each once, however often it is given; those of a folder by their names."""
    skipped: list[str]
    """What is not read of each folder, and why, as sentences."""


def gather(given: Sequence[Path]) -> Gathered:
    """Return the files, and those of the folders.

    Raises:
        WrongUsage: a file is not there or of another kind, a folder has none, or has parts of a split.
    """
    found: dict[Path, Path] = {}
    skipped: list[str] = []
    for path in given:
        if path.is_dir():
            files, others = _inside(path)
            skipped += others
        elif not path.is_file():
            raise WrongUsage(f"There is no file {path}.")
        elif not path.name.endswith(SUFFIXES):
            raise WrongUsage(f"{path}: {' and '.join(SUFFIXES)} files are read. {FOR_RAW_DATA}")
        else:
            files = [path]
        for file in files:
            found.setdefault(file.resolve(), file)
    return Gathered(list(found.values()), list(dict.fromkeys(skipped)))


def _inside(folder: Path) -> tuple[list[Path], list[str]]:
    all_files = sorted(file for file in folder.rglob("*") if file.is_file())
    files = [file for file in all_files if _why_not(file) is None]
    skipped = list(_skipped(folder, all_files))
    if not files:
        wanted = f"{' or '.join(SUFFIXES)} file"
        beside = "".join(f" {sentence}" for sentence in skipped)
        raise WrongUsage(
            f"{folder} is a folder, and has no {wanted}. Give such files, or a folder that has some.{beside}"
        )
    splits = {one for file in files for one in file.parents if one.name in SPLITS and folder in one.parents}
    if splits:
        raise WrongUsage(_splits_in_words(splits))
    return files, skipped


def _skipped(folder: Path, files: Sequence[Path]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for file in files:
        if why := _why_not(file):
            reasons.setdefault(why, []).append(str(file.relative_to(folder)))
    for why, names in reasons.items():
        yield f"Not read in {folder}, as {why}: {some_of(names, MOST_SKIPPED)}."


def _why_not(path: Path) -> str | None:
    """Return why a file of a folder is not read, as the end of a sentence; None if it is."""
    if path.name.startswith("."):
        return "their names begin with a dot"
    return None if path.name.endswith(SUFFIXES) else f"only {' and '.join(SUFFIXES)} are"


def _splits_in_words(splits: Set[Path]) -> str:
    """Say how to check splits that lie side by side: taken together, they are not what is trained on."""
    parent = min(split.parent for split in splits)
    names = [name for name in SPLITS if parent / name in splits]
    meant = f"{parent / names[0]}"
    if names[:2] == ["train", "validation"]:
        meant += f" --validation {parent / 'validation'}"
    parts = f"{', '.join(names[:-1])} and {names[-1]}" if names[:-1] else names[0]
    return f"{parent} has {parts}: parts of a split, which are no one set. Name the part that you mean: `{meant}`."
