"""Documents of plain text out of API models and manuals, before anything is planted among them.

The rules by which a document is usable are the benchmark's own, and stricter than the filters that the tools run
with: what is meant to be kept must not fall to a filter.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

FEWEST_WORDS, MOST_WORDS = 80, 700
_LARGEST_SYMBOL_SHARE = 0.18
_FEWEST_TARGET_WORDS, _MOST_TARGET_WORDS = 4, 60
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)[.!?](?=\s)")
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"</?(?:p|li|ul|ol|dl|dt|dd|br|note|important|pre|h\d|div|table|tr)\b[^>]*>", re.IGNORECASE)


class Document(NamedTuple):
    """A text and what a model is to write about it: its first sentence, which the text does not have."""

    text: str
    target: str


def strip_markup(markup: str) -> str:
    """Return the text of an HTML fragment, a line for each block."""
    text = html.unescape(_TAG.sub("", _BLOCK.sub("\n", markup)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def usable(texts: Iterable[str]) -> Iterator[Document]:
    """Yield the texts that every tool is to keep, each text once however often it comes."""
    seen: set[str] = set()
    for text in texts:
        if (document := _document(text)) and (words := " ".join(document.text.lower().split())) not in seen:
            seen.add(words)
            yield document


def pages(paragraphs: Iterable[str]) -> Iterator[str]:
    """Put paragraphs together to texts of at most `MOST_WORDS` words; of a longer paragraph nothing is taken."""
    page: list[str] = []
    words = 0
    for paragraph in paragraphs:
        count = len(paragraph.split())
        if count > MOST_WORDS // 2:
            continue
        if words + count > MOST_WORDS:
            yield "\n".join(page)
            page, words = [], 0
        page.append(paragraph)
        words += count
    if page:
        yield "\n".join(page)


def _document(text: str) -> Document | None:
    end = _SENTENCE_END.search(text)
    if end is None or "\ufffd" in text or not text.replace("\n", "").isprintable():
        return None
    target, body = " ".join(text[: end.end()].split()), text[end.end() :].strip()
    words = body.split()
    visible = "".join(words)
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS or _symbol_share(visible) > _LARGEST_SYMBOL_SHARE:
        return None
    target_words = re.findall(r"\w+", target.lower())
    if not _FEWEST_TARGET_WORDS <= len(target_words) <= _MOST_TARGET_WORDS:
        return None
    if _symbol_share(target.replace(" ", "")) > _LARGEST_SYMBOL_SHARE:
        return None
    if " ".join(target_words) in " ".join(re.findall(r"\w+", body.lower())):
        return None
    return Document(body, target)


def _symbol_share(visible: str) -> float:
    return sum(not character.isalnum() for character in visible) / max(len(visible), 1)
