"""A guardrail's policies applied to texts: what was found, what becomes of it, and the texts with what is masked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import regex

from twin.bedrock.guardrails import personal_data, words
from twin.emulator.hooks import Json, ServiceError

Source = Literal["INPUT", "OUTPUT"]
_ACTIONS = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED", "NONE": "NONE"}
_CHARACTERS_A_UNIT = 1000
# A pattern that runs away must not hold the request for ever.
_TIMEOUT_S = 10.0


Span = tuple[int, int]


@dataclass
class Assessment:
    """What a guardrail makes of some texts. Each policy looks at the texts as they came, whatever others mask."""

    given: Sequence[str]
    masks: list[tuple[int, Span, str]] = field(default_factory=list)
    policies: Json = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)

    @property
    def blocked(self) -> bool:
        """Whether nothing of the texts may pass."""
        return "BLOCKED" in self.actions

    @property
    def intervened(self) -> bool:
        """Whether the texts are blocked, or masked in parts."""
        return bool(self.actions - {"NONE"})

    @property
    def texts(self) -> list[str]:
        """The texts with what is to be masked masked."""
        return [
            _masked(text, [(span, mask) for at, span, mask in self.masks if at == number])
            for number, text in enumerate(self.given)
        ]

    def add(self, place: tuple[str, str], found: Json, action: str) -> None:
        """Note one finding, once, in a group of a policy."""
        policy, group = place
        entry = {**found, "action": action, "detected": True}
        entries = self.policies.setdefault(policy, {}).setdefault(group, [])
        self.actions.add(action)
        if entry not in entries:
            entries.append(entry)


def assess(guardrail: Json, source: Source, texts: Sequence[str]) -> Assessment:
    """Apply the policies of a guardrail, as GetGuardrail shows it."""
    found = Assessment(texts)
    word_policy = guardrail.get("wordPolicy", {})
    for action, word in _on(source, word_policy.get("words", ())):
        _note(found, ("wordPolicy", "customWords"), action, {}, partial(words.find, word["text"]))
    for action, managed in _on(source, word_policy.get("managedWordLists", ())):
        _note(found, ("wordPolicy", "managedWordLists"), action, {"type": managed["type"]}, words.profanity)
    sensitive = guardrail.get("sensitiveInformationPolicy", {})
    for action, entity in _on(source, sensitive.get("piiEntities", ())):
        kind = entity["type"]
        look = partial(personal_data.find, kind)
        _note(found, ("sensitiveInformationPolicy", "piiEntities"), action, {"type": kind}, look, kind)
    for action, one in _on(source, sensitive.get("regexes", ())):
        named = {"name": one["name"], "regex": one["pattern"]}
        look = partial(matches, one["pattern"])
        _note(found, ("sensitiveInformationPolicy", "regexes"), action, named, look, one["name"])
    return found


def matches(pattern: str, text: str) -> Iterator[Span]:
    """Where a guardrail's own pattern finds something. Raises ServiceError for one that does not come to an end."""
    try:
        yield from (one.span() for one in regex.finditer(pattern, text, timeout=_TIMEOUT_S) if one.group())
    except TimeoutError as error:
        raise ServiceError("ValidationException", f"The pattern {pattern} takes too long on this text.") from error


def usage(guardrail: Json, texts: Iterable[str]) -> Json:
    """The units of text that the policies have processed."""
    units = sum(math.ceil(len(text) / _CHARACTERS_A_UNIT) for text in texts)
    sensitive = guardrail.get("sensitiveInformationPolicy", {})
    return {
        "topicPolicyUnits": 0,
        "contentPolicyUnits": 0,
        "wordPolicyUnits": units if guardrail.get("wordPolicy") else 0,
        "sensitiveInformationPolicyUnits": units if sensitive.get("piiEntities") else 0,
        "sensitiveInformationPolicyFreeUnits": units if sensitive.get("regexes") else 0,
        "contextualGroundingPolicyUnits": 0,
    }


def _on(source: Source, entries: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Those that look at what comes in, or goes out, with what they then do."""
    side = source.lower()
    for entry in entries:
        if entry.get(f"{side}Enabled", True):
            yield _ACTIONS[entry.get(f"{side}Action") or entry.get("action", "BLOCK")], entry


def _note(
    assessment: Assessment,
    place: tuple[str, str],
    action: str,
    named: Json,
    find: Callable[[str], Iterable[Span]],
    mask: str = "",
) -> None:
    """Look for one thing in every text."""
    for number, text in enumerate(assessment.given):
        for start, end in find(text):
            assessment.add(place, {"match": text[start:end], **named}, action)
            if action == "ANONYMIZED":
                assessment.masks.append((number, (start, end), f"{{{mask}}}"))


def _masked(text: str, masks: list[tuple[Span, str]]) -> str:
    """Put each mask in the place of its span; of spans that overlap the first one's stands for all of them."""
    pieces, done = list[str](), 0
    for (start, end), mask in sorted(masks, key=lambda one: (one[0][0], -one[0][1])):
        if start >= done:
            pieces += [text[done:start], mask]
        done = max(done, end)
    return "".join([*pieces, text[done:]])
