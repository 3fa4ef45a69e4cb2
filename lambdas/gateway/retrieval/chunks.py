"""Sections cut into passages: whole sentences, with the end of one passage repeated at the beginning of the next.

A passage begins with its headings, so that whoever finds it by itself, a person, a search or a model, knows what it is
about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdas.gateway.retrieval.reading.sections import Section
from lambdas.shared.passages import BOUNDARY

MOST_CHARACTERS = 1000
"""Of a passage without its headings; some 220 tokens of English, fewer than any embedding model takes."""
MOST_OVERLAP = 150
MOST_PATH_CHARACTERS = 300

Span = tuple[int, int]


def chunk(sections: Sequence[Section], most: int = MOST_CHARACTERS, overlap: int = MOST_OVERLAP) -> Iterator[str]:
    """Yield the passages of a document, in their order.

    Args:
        sections: of the document.
        most: characters of a passage.
        overlap: characters that two passages of one section may have in common; less than `most`.
    """
    for section in sections:
        heading = _heading(section.path)
        for start, end in _spans(section.text, most, overlap):
            text = section.text[start:end].strip()
            yield f"{heading}\n{text}" if heading else text


def _heading(path: Sequence[str]) -> str:
    """Give the headings in a line; of too many the innermost, which say most."""
    kept: list[str] = []
    for title in reversed(path):
        if sum(map(len, kept)) + len(title) > MOST_PATH_CHARACTERS:
            break
        kept.append(title)
    return " > ".join(reversed(kept))


def _spans(text: str, most: int, overlap: int) -> Iterator[Span]:
    """Yield where passages begin and end."""
    sentences = list(_sentences(text, most))
    first = 0
    while first < len(sentences):
        last = first
        while last + 1 < len(sentences) and sentences[last + 1][1] - sentences[first][0] <= most:
            last += 1
        yield sentences[first][0], sentences[last][1]
        if last + 1 == len(sentences):
            return
        following = last + 1
        while following - 1 > first and sentences[last][1] - sentences[following - 1][0] <= overlap:
            following -= 1
        # What is repeated must leave room for the sentence that comes next.
        while following <= last and sentences[last + 1][1] - sentences[following][0] > most:
            following += 1
        first = following


def _sentences(text: str, most: int) -> Iterator[Span]:
    """Yield where sentences begin and end; one that is too long is cut between words, or else anywhere."""
    start = 0
    for boundary in BOUNDARY.finditer(text):
        yield from _pieces(text, start, boundary.start(), most)
        start = boundary.end()
    yield from _pieces(text, start, len(text), most)


def _pieces(text: str, start: int, end: int, most: int) -> Iterator[Span]:
    while end - start > most:
        cut = text.rfind(" ", start + 1, start + most + 1)
        cut = cut if cut > start else start + most
        yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end
