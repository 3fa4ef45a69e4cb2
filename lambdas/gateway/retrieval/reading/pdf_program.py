"""Reads a PDF from standard input and writes its text as JSON to standard output, within bounds of its own.

``{"pages": [{"headings": [[level, title], …], "text"}, …]}``, or ``{"problem": …}`` with a word that says why not.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any

MOST_MEMORY = 320 * 1024 * 1024
"""Of address space, of which less is in use: the function has 512 MiB, and the gateway itself needs its own."""
MOST_CPU_SECONDS = 45
MOST_UNFOLDED = 32 * 1024 * 1024
"""Bytes that one stream may unfold to."""
MOST_PAGES = 3000
MOST_CHARACTERS = 5_000_000
MOST_HEADINGS = 5000
DEEPEST = 5

Headings = dict[int, list[tuple[int, str]]]


class GivenUp(Exception):
    """The document is not read; the text is the word that says why."""


def main() -> None:
    """Read, and write what came of it."""
    _bound()
    try:
        answer: dict[str, Any] = {"pages": _pages(sys.stdin.buffer.read())}
    except GivenUp as reason:
        answer = {"problem": str(reason)}
    except Exception as failure:
        # Whatever a hostile file brings pypdf to raise: what it is goes to the log, that it is goes to the user.
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        answer = {"problem": "damaged"}
    json.dump(answer, sys.stdout)


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _pages(content: bytes) -> list[dict[str, Any]]:
    from pypdf import PdfReader, overwrite_configuration  # after the bounds: importing it takes memory too

    overwrite_configuration(
        maximum_declared_stream_length=MOST_UNFOLDED,
        array_based_stream_maximum_output_length=MOST_UNFOLDED,
        lzw_maximum_output_length=MOST_UNFOLDED,
        run_length_maximum_output_length=MOST_UNFOLDED,
        zlib_maximum_output_length=MOST_UNFOLDED,
        brotli_maximum_output_length=MOST_UNFOLDED,
        outline_maximum_entries=MOST_HEADINGS,
        jbig2dec_binary=None,  # no program of others' is started
    )
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise GivenUp("encrypted")
    if len(reader.pages) > MOST_PAGES:
        raise GivenUp("pages")
    headings = _headings(reader)
    pages = []
    characters = 0
    for number, page in enumerate(reader.pages):
        text = page.extract_text()
        characters += len(text)
        if characters > MOST_CHARACTERS:
            raise GivenUp("characters")
        pages.append({"headings": headings.get(number, []), "text": text})
    return pages


def _headings(reader: Any) -> Headings:
    """Give the outline's titles by the page that they lead to; an outline that cannot be read is none."""
    found: Headings = {}
    try:
        _collect(reader, reader.outline, 1, found)
    except Exception as failure:
        print(f"outline: {type(failure).__name__}: {failure}", file=sys.stderr)
    return found


def _collect(reader: Any, items: Any, level: int, found: Headings) -> None:
    for item in items:
        if isinstance(item, list):
            if level < DEEPEST:
                _collect(reader, item, level + 1, found)
            continue
        number = reader.get_destination_page_number(item)
        if number is not None and number >= 0 and item.title and len(found) < MOST_HEADINGS:
            found.setdefault(number, []).append((level, str(item.title)))


if __name__ == "__main__":
    main()
