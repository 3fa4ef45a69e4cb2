"""What every section asks that names a model which may be an import of the user's own."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.settings.document import KeyPath
from cdk_app.settings.rules.rule import Breach


def import_id(place: KeyPath, key: str, imported: bool, given: str | None) -> Iterator[Breach]:
    """An imported model has the id that Bedrock gave it, and no other model has one."""
    if imported and given is None:
        remedy = "Write the last part of the import's ARN."
        yield Breach((*place, "imported_model_id"), f"`{key}` is answered by an import of your own", remedy)
    if not imported and given is not None:
        yield Breach((*place, "imported_model_id"), f"`{key}` is not an imported model", "Remove it.")
