"""Technical prose that every machine of the project has: botocore's API documentation and Debian's /usr/share/doc.

Both are read where they lie and never copied into the project. A seed draws which documents are taken, so that
patterns can be tightened on one draw and judged on another.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore

from pipelines.preparation.html_text import html_to_text
from pipelines.preparation.unicode_text import normalize

DEBIAN = Path("/usr/share/doc")
_TEXTS = (".txt", ".html", ".md", ".rst", "copyright", "README", "NEWS", "changelog", "AUTHORS", "THANKS", "FAQ")
_FILE_CHARACTERS = 60_000


def technical_prose(seed: int, megabytes: float) -> list[str]:
    """Documents of the two sources, half the size each, cleaned as the job cleans a record."""
    half = int(megabytes * 500_000)
    return _take(_botocore_documents(seed), half) + _take(_debian_documents(seed), half)


def _take(documents: Iterator[str], size: int) -> list[str]:
    taken: list[str] = []
    for document in documents:
        text = normalize(html_to_text(document))
        taken.append(text)
        size -= len(text.encode())
        if size <= 0:
            return taken
    raise SystemExit(f"The prose ends {size:,} bytes early. Ask for fewer megabytes.")


def _botocore_documents(seed: int) -> Iterator[str]:
    for path in _drawn(sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json*")), seed):
        content = path.read_bytes()
        model = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
        yield from _documentation(model)


def _documentation(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "documentation" and isinstance(value, str):
                yield value
            else:
                yield from _documentation(value)


def _debian_documents(seed: int) -> Iterator[str]:
    files = (path for path in DEBIAN.rglob("*") if path.is_file() and not path.is_symlink())
    for path in _drawn(sorted(path for path in files if any(text in path.name for text in _TEXTS)), seed):
        if path.suffix in (".pdf", ".ps") or ".pdf." in path.name or ".ps." in path.name:
            continue
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield content.decode("utf-8", errors="replace")[:_FILE_CHARACTERS]


def _drawn(paths: list[Path], seed: int) -> list[Path]:
    return sorted(paths, key=lambda path: hashlib.sha256(f"{seed} {path}".encode()).digest())
