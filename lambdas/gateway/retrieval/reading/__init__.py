"""Documents as they come, to sections: what cannot be read is refused in words that help, and within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from lambdas.gateway.problems import Problem
from lambdas.gateway.retrieval.reading.html import read_html
from lambdas.gateway.retrieval.reading.markdown import read_markdown
from lambdas.gateway.retrieval.reading.pdf import read_pdf
from lambdas.gateway.retrieval.reading.sections import Outline, Section

__all__ = ["MEDIA_TYPES", "MOST_CHARACTERS", "Section", "read"]

MOST_CHARACTERS = 5_000_000
"""Of a document's text, some 1,500 pages."""
# Bytes that no text of the web holds, and every archive, image and program does.
BINARY = bytes(code for code in range(0x20) if code not in b"\t\n\v\f\r\x1b")


def read_plain(text: str) -> list[Section]:
    """Give the one section of a text without headings."""
    outline = Outline()
    outline.text(text)
    return outline.sections()


_TEXTS: Mapping[str, Callable[[str], list[Section]]] = {
    "text/plain": read_plain,
    "text/markdown": read_markdown,
    "text/html": read_html,
}
PDF = "application/pdf"
MEDIA_TYPES = (*_TEXTS, PDF)


def read(media_type: str, content: bytes, most_bytes: int) -> list[Section]:
    """Give what a document says.

    Args:
        media_type: one of `MEDIA_TYPES`; parameters behind it are left aside.
        content: the file.
        most_bytes: of the file.

    Raises:
        Problem: 413 too long, 415 another kind, 400 not what it is said to be, 422 a PDF that cannot be read, or
            nothing to read.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        known = ", ".join(MEDIA_TYPES)
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Documents of this type are not read. Known are {known}.")
    if len(content) > most_bytes:
        detail = f"The document has {len(content):,} bytes and {most_bytes:,} are allowed. Divide it."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    sections = read_pdf(content) if kind == PDF else _TEXTS[kind](_decoded(content))
    characters = sum(len(section.text) for section in sections)
    if characters > MOST_CHARACTERS:
        detail = f"The document has {characters:,} characters of text and {MOST_CHARACTERS:,} are allowed. Divide it."
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    if not characters:
        detail = "The document holds no text. Of scanned pages, add the text layer that an OCR program makes."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return sections


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The document is not valid UTF-8. Save it as UTF-8.") from None
    if encoding == "utf-8-sig" and len(content) > len(content.translate(None, BINARY)):
        raise Problem(HTTPStatus.BAD_REQUEST, "The document is a binary file and not the text that its type says.")
    return text
