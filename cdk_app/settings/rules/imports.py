"""What every section asks that names a model which may be an import of the user's own, or one that embeds."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings.document import KeyPath
from cdk_app.settings.explain import suggest
from cdk_app.settings.rules.rule import Breach


def import_id(place: KeyPath, key: str, imported: bool, given: str | None) -> Iterator[Breach]:
    """An imported model has the id that Bedrock gave it, and no other model has one."""
    if imported and given is None:
        remedy = "Write the last part of the import's ARN."
        yield Breach((*place, "imported_model_id"), f"`{key}` is answered by an import of your own", remedy)
    if not imported and given is not None:
        yield Breach((*place, "imported_model_id"), f"`{key}` is not an imported model", "Remove it.")


def known_embedder(place: KeyPath, key: str, given: str | None) -> Iterator[Breach]:
    """A model that embeds in a way that is known here; an open one has the id of its import."""
    if key not in EMBEDDERS:
        yield Breach(
            (*place, "model"), f"`{key}` is no embedding model of the catalogue", suggest(key, tuple(EMBEDDERS))
        )
    else:
        yield from import_id(place, key, EMBEDDERS[key].platform == "bedrock-import", given)
