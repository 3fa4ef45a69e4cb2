"""Adding to an earlier run: its records stay as they are, and only files that it has not read are.

Its curated records take part in the search for duplicates and near-duplicates, where they come before new ones. They
are counted as input of each stage, which they have passed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipelines.preparation.errors import NoBaseRun
from pipelines.preparation.formats import read_curated_line
from pipelines.preparation.inputs import LIST, read_inputs
from pipelines.preparation.records import Candidate
from pipelines.preparation.settings import Columns, Settings
from pipelines.preparation.storage import Bucket, StoredObject

LATEST = "latest"
_OF_A_RUN = ("base_run", "minimum_records", "outputs")
"""Settings that decide about no record."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the base run: one of its curated files."""

    key: str
    split: str
    size: int


@dataclass(frozen=True, slots=True)
class Base:
    """The run that is added to."""

    run_id: str
    parts: tuple[Part, ...]
    inputs: dict[str, StoredObject]
    columns: Columns
    """The columns of its records, which are those of new ones too, where the settings name none."""
    kept: int
    """Number of its records."""

    def unread(self, objects: list[StoredObject], raw: Bucket) -> list[StoredObject]:
        """Return those of the objects that the base run has not read.

        Raises `NoBaseRun` where it has read one that is gone or has changed: what came of it cannot be told apart.
        """
        listed = {stored.key: stored for stored in objects}
        gone = [key for key, stored in self.inputs.items() if listed.get(key) != stored]
        if gone:
            raise NoBaseRun(
                f"{len(gone)} files that run {self.run_id} has read are gone or have changed, the first is "
                f"s3://{raw.name}/{gone[0]}. A run only adds to another: prepare everything, with data.base_run empty."
            )
        return [stored for stored in objects if stored.key not in self.inputs]


def find_base(
    curated: Bucket, dataset: str, run_id: str, settings: dict[str, Any], tokenizer: Mapping[str, str] | None = None
) -> Base | None:
    """Return the run that the settings name to add to, if they name one.

    `latest` is the committed run of the data set whose manifest is the newest; where there is none, everything is new.
    `tokenizer` are the hashes of the files that tokens are counted by, if they are.

    Raises:
        NoBaseRun: it does not exist, or was prepared by other settings or another tokenizer.
    """
    name = settings["data"]["base_run"]
    if not name:
        return None
    if name == LATEST:
        found = curated.newest(f"{dataset}/run=", "manifest.json", but=f"{dataset}/run={run_id}/")
        if found is None:
            return None
        name = found.removeprefix(f"{dataset}/run=").removesuffix("/")
    prefix = f"{dataset}/run={name}/"
    manifest = _manifest(curated, prefix, name)
    if _deciding(manifest["settings"]) != _deciding(settings) or manifest.get("tokenizer") != tokenizer:
        raise NoBaseRun(
            f"Run {name} was prepared by other settings than this one, or another tokenizer, so the two do not go "
            "together. Prepare everything, with data.base_run empty."
        )
    sizes = {stored.key: stored.size for stored in curated.objects(prefix)}
    if gone := [key for key in [f"{prefix}{LIST}", *(file["key"] for file in manifest["files"])] if key not in sizes]:
        raise NoBaseRun(
            f"{len(gone)} objects of run {name} are gone, the first is s3://{curated.name}/{gone[0]}. Prepare "
            "everything, with data.base_run empty."
        )
    parts = [
        Part(file["key"], file["key"].removeprefix(prefix).split("/")[0], sizes[file["key"]])
        for file in manifest["files"]
    ]
    columns = Columns(**{field.name: manifest["columns"].get(field.name, "") for field in fields(Columns)})
    inputs = {stored.key: stored for stored in read_inputs(curated, prefix)}
    return Base(name, tuple(parts), inputs, columns, manifest["kept"])


def read_parts(parts: Iterable[Part], curated: Bucket, settings: Settings) -> Iterator[Candidate]:
    """Yield the records of some parts."""
    for part in parts:
        for line in curated.read(part.key).splitlines():
            yield read_curated_line(line, part.split, settings)


def _manifest(curated: Bucket, prefix: str, name: str) -> dict[str, Any]:
    key = f"{prefix}manifest.json"
    if not curated.objects(key):
        raise NoBaseRun(
            f"There is no committed run {name}: s3://{curated.name}/{key} does not exist. Name another one in "
            "data.base_run, or leave it empty."
        )
    manifest: dict[str, Any] = json.loads(curated.read(key))
    return manifest


def _deciding(settings: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in settings["data"].items() if name not in _OF_A_RUN}
    # A column that is not named says no more than one that an earlier version could not name.
    if data["columns"]:
        data["columns"] = {name: column for name, column in data["columns"].items() if column}
    return {"task": settings["task"], "data": data}
