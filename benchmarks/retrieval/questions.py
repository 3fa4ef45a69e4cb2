"""Questions whose answer's passage is known: over AWS's API documentation, as it lies in botocore.

The documentation of an operation or a parameter begins with a sentence that says what it is. That sentence is taken
out and becomes the question, in other words where a rule has some; the rest goes into the document of its service,
under a heading that says nothing. So the passages of the rest are the answer, and the question's words are in them only
as far as the rest speaks of the same.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import botocore

from twin.sample_data import split_first_sentence

Kind = Literal["operation", "parameter"]
FEWEST_WORDS_OF_QUESTION, FEWEST_WORDS_OF_BODY = 5, 20
HEADING = "Entry"
OTHER_VERBS = {
    "add": "attach",
    "associate": "connect",
    "cancel": "abort",
    "create": "set up",
    "delete": "remove",
    "describe": "get details of",
    "disable": "turn off",
    "disassociate": "disconnect",
    "enable": "turn on",
    "get": "look up",
    "list": "see all of",
    "modify": "change",
    "provide": "give",
    "register": "enroll",
    "remove": "delete",
    "retrieve": "fetch",
    "return": "get",
    "start": "launch",
    "stop": "halt",
    "update": "change",
}
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Entry:
    """The documentation of an operation or a parameter: its first sentence, and the HTML of the rest."""

    kind: Kind
    summary: str
    body: str


@dataclass(frozen=True)
class Service:
    """A service, its full name, and what of it is documented in more than a sentence."""

    name: str
    title: str
    entries: tuple[Entry, ...]

    def page(self) -> str:
        """Give the service's document, as HTML."""
        sections = (f"<h2>{HEADING} {number}</h2>{entry.body}" for number, entry in enumerate(self.entries))
        return f"<h1>{self.title}</h1>{''.join(sections)}"


@dataclass(frozen=True)
class Question:
    """A question; `entry` is the place of its answer in the service's document."""

    text: str
    service: str
    kind: Kind
    entry: int

    @property
    def reported(self) -> bool:
        """Whether it is of the half that figures are reported on; a service is wholly of one half."""
        return hashlib.sha256(self.service.encode()).digest()[0] % 2 == 0


def services(seed: int) -> list[Service]:
    """Give every service that has entries, in an order drawn by `seed`."""
    newest = {
        path.parts[-3]: path for path in sorted(Path(botocore.__file__).parent.glob("data/*/*/service-2.json.gz"))
    }
    found = [service for service in map(_service, newest.values()) if service.entries]
    random.Random(seed).shuffle(found)
    return found


def questions(asked: Sequence[Service], every: Sequence[Service]) -> list[Question]:
    """Give the questions about some services that have one answer.

    Left out are those whose words two entries share, those that have few words, and those whose rest has few words or
    is, word for word, that of another entry of whichever service.
    """
    bodies = Counter(_words(entry.body) for service in every for entry in service.entries)
    found = [
        Question(text, service.name, entry.kind, number)
        for service in asked
        for number, entry in enumerate(service.entries)
        if bodies[_words(entry.body)] == 1
        and len(_words(entry.body)) >= FEWEST_WORDS_OF_BODY
        and (text := question(entry, service.title))
    ]
    texts = Counter(one.text for one in found)
    return [one for one in found if texts[one.text] == 1]


def question(entry: Entry, title: str) -> str:
    """Give an entry's first sentence as a question; an empty text where it makes none.

    >>> question(Entry("operation", "Deletes the access key of a user.", ""), "AWS IAM")
    'How do I remove the access key of a user in AWS IAM?'
    >>> question(Entry("parameter", "The longest time to wait for an answer.", ""), "AWS IAM")
    'In AWS IAM, which setting is this: the longest time to wait for an answer?'
    """
    first, *rest = entry.summary.rstrip(".!?").split() or [""]
    if len(rest) + 1 < FEWEST_WORDS_OF_QUESTION or not first.isalpha():
        return ""
    if entry.kind == "parameter":
        return f"In {title}, which setting is this: {first[0].lower()}{first[1:]} {' '.join(rest)}?"
    verb = _infinitive(first.lower())
    return f"How do I {OTHER_VERBS.get(verb, verb)} {' '.join(rest)} in {title}?"


def _infinitive(verb: str) -> str:
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    if verb.endswith(("sses", "shes", "ches", "xes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb


def _service(path: Path) -> Service:
    model = json.loads(gzip.decompress(path.read_bytes()))
    name = path.parts[-3]
    return Service(name, model["metadata"].get("serviceFullName", name), tuple(_entries(model)))


def _entries(model: Any) -> Iterator[Entry]:
    for operation in model["operations"].values():
        if parts := split_first_sentence(operation.get("documentation", "")):
            yield Entry("operation", *parts)
    for shape in model["shapes"].values():
        for member in shape.get("members", {}).values():
            parts = split_first_sentence(member.get("documentation", ""))
            if parts and len(_words(parts[1])) >= FEWEST_WORDS_OF_BODY:
                yield Entry("parameter", *parts)


def _words(markup: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_TAG.sub(" ", markup).lower()))
