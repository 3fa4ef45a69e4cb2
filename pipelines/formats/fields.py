"""The fields of a JSON object, each taken with a complaint about what is wrong with it."""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple

from pipelines.formats.json_lines import json_type
from pipelines.formats.reasons import Problem, Reason

_SURROGATE = re.compile("[\ud800-\udfff]")


class Part(Enum):
    """Which part of a record a text is."""

    PROMPT = auto()
    """What the user or the system says."""
    ANSWER = auto()
    TEXT = auto()


class Text(NamedTuple):
    """One text of a record."""

    part: Part
    content: str


@dataclass(slots=True)
class Examined:
    """What a line holds, and what is wrong with its form."""

    texts: list[Text] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, reason: Reason, detail: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(reason, detail))


def take(document: Mapping[str, Any], key: str, found: Examined, where: str, part: Part | None = None) -> None:
    """Note the text at a key as the part that it is (an id is none), or what is wrong with it."""
    if key not in document:
        found.complain(Reason.MISSING_KEY, f"no {where}{key}")
        return
    value = document[key]
    if not isinstance(value, str):
        found.complain(Reason.WRONG_TYPE, f"{where}{key} is {json_type(value)}, not a string")
    elif not value.strip():
        found.complain(Reason.EMPTY_TEXT, f"{where}{key} is blank")
    elif _SURROGATE.search(value):
        found.complain(Reason.UNPAIRED_SURROGATE, f"in {where}{key}")
    elif part is not None:
        found.texts.append(Text(part, value))


def take_list(document: Mapping[str, Any], key: str, found: Examined, where: str = "") -> list[Any]:
    """Return the list at a key; an empty one where there is none, which is noted."""
    if key not in document:
        found.complain(Reason.MISSING_KEY, f"no {where}{key}")
        return []
    value = document[key]
    if not isinstance(value, list):
        found.complain(Reason.WRONG_TYPE, f"{where}{key} is {json_type(value)}, not an array")
        return []
    if not value:
        found.complain(Reason.EMPTY_TEXT, f"{where}{key} is empty")
    return value


def only_keys(
    document: Iterable[str], known: Collection[str], reason: Reason, found: Examined, where: str = ""
) -> None:
    """Note the keys that are not known as what they are: forbidden, or overlooked perhaps."""
    if others := sorted(set(document) - set(known)):
        found.complain(reason, f"{where or 'the record '}has {key_names(others)}")


def key_names(keys: Iterable[str]) -> str:
    """Show names of keys so that none of their characters moves a terminal."""
    return ", ".join(json.dumps(key) for key in keys)[:80]
