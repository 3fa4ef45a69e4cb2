"""The documentation in botocore's API models: a text an operation, and a text a structure with its members.

botocore is installed with boto3; what it documents is real, and full of near-duplicates of its own.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore

from benchmarks.data_preparation.documents import pages, strip_markup


def models() -> list[Path]:
    """The newest API model of each service, by service name."""
    newest = {
        path.parts[-3]: path for path in sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json*"))
    }
    return [newest[name] for name in sorted(newest)]


def texts(model: Path) -> Iterator[str]:
    """Yield the texts of one service."""
    content = model.read_bytes()
    definition = json.loads(gzip.decompress(content) if model.suffix == ".gz" else content)
    for operation in definition["operations"].values():
        yield strip_markup(operation.get("documentation", ""))
    for shape in definition["shapes"].values():
        if shape["type"] == "structure":
            yield from pages(_paragraphs(shape, definition["shapes"]))


def _paragraphs(shape: dict[str, Any], shapes: dict[str, Any]) -> Iterator[str]:
    if own := strip_markup(shape.get("documentation", "")):
        yield own
    for name, member in shape.get("members", {}).items():
        markup = member.get("documentation") or shapes[member["shape"]].get("documentation", "")
        if text := strip_markup(markup):
            yield f"{name}: {text}"
