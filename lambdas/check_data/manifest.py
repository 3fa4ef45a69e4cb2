"""The manifest that preparation writes last: how many records came, stayed and went, and into which files."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.shared.errors import FunctionError
from lambdas.shared.fields import Fields
from lambdas.shared.shares import PLACES


class InvalidManifest(FunctionError):
    """The manifest lacks a field or holds one of the wrong type."""


@dataclass(frozen=True)
class Stage:
    """One stage of preparation and what it let through."""

    name: str
    input: int
    kept: int
    rejected: int


@dataclass(frozen=True)
class File:
    """One curated file."""

    key: str
    sha256: str
    records: int


@dataclass(frozen=True)
class Manifest:
    """The counts of one run.

    `strata` is how many strata divide the records, 0 where none do. `places` is how many records stand in each
    hundredth of the way by which sides are given, where the manifest says so; of many records it does not count all.
    """

    input: int
    kept: int
    rejected: dict[str, int]
    splits: dict[str, int]
    redacted: dict[str, int]
    stages: tuple[Stage, ...]
    files: tuple[File, ...]
    settings_sha256: str
    strata: int = 0
    places: tuple[int, ...] = ()


def parse_manifest(fields: Fields) -> Manifest:
    """Read a manifest.

    Raises:
        InvalidManifest: it does not have the agreed shape.
    """
    return Manifest(
        input=fields.integer("input"),
        kept=fields.integer("kept"),
        rejected=fields.counts("rejected"),
        splits=fields.counts("splits"),
        redacted=fields.counts("redacted"),
        stages=tuple(_stage(stage) for stage in fields.items("stages")),
        files=tuple(
            File(file.text("key"), file.text("sha256"), file.integer("records")) for file in fields.items("files")
        ),
        settings_sha256=fields.text("settings_sha256"),
        strata=fields.fields("stratified").integer("strata") if fields.as_dict().get("stratified") else 0,
        places=tuple(map(int, fields.numbers("places", PLACES))) if fields.as_dict().get("places") else (),
    )


def _stage(fields: Fields) -> Stage:
    rejected = sum(fields.counts("rejected").values())
    return Stage(fields.text("name"), fields.integer("input"), fields.integer("kept"), rejected)
