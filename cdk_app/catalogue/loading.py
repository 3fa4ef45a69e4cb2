"""Reads the data files: what is known of models, the sources of it, and the images that serve them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import TypeAdapter

from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Image, Source

DATA = Path(__file__).parent / "data"


class CatalogueError(Exception):
    """The data files contradict each other; the text says which and where."""


def load_sources(folder: Path = DATA) -> Mapping[str, Source]:
    """Return every source by its key."""
    text = (folder / "sources.json").read_text(encoding="utf-8")
    return MappingProxyType(TypeAdapter(dict[str, Source]).validate_json(text))


def load_images(folder: Path = DATA) -> Mapping[str, Image]:
    """Return every container image by its key."""
    text = (folder / "images.json").read_text(encoding="utf-8")
    return MappingProxyType(TypeAdapter(dict[str, Image]).validate_json(text))


def load_entries(folder: Path = DATA) -> Mapping[str, Entry]:
    """Return every model by its key, in the order of the files' names.

    Raises:
        CatalogueError: two models share a key, or a source or an image that is named does not exist.
        pydantic.ValidationError: a file breaks a rule of `facts`.
    """
    entries: dict[str, Entry] = {}
    adapter = TypeAdapter(list[Entry])
    for path in sorted((folder / "models").glob("*.json")):
        for entry in adapter.validate_json(path.read_text(encoding="utf-8")):
            if entry.key in entries:
                raise CatalogueError(f"{path.name}: the key `{entry.key}` is taken. Give the model another.")
            entries[entry.key] = entry
    _check_references(entries, folder)
    return MappingProxyType(entries)


def _check_references(entries: Mapping[str, Entry], folder: Path) -> None:
    sources, images = load_sources(folder), load_images(folder)
    for entry in entries.values():
        named = {source for group in entry.groups.values() for source in group}
        served = {image for keys in (entry.sagemaker.images.values() if entry.sagemaker else ()) for image in keys}
        unknown = [*sorted(named - sources.keys()), *sorted(served - images.keys())]
        if unknown:
            where = f"{folder / 'sources.json'} and images.json"
            raise CatalogueError(f"{entry.key} names {', '.join(unknown)}, which {where} do not have. Add them there.")
