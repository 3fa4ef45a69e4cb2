"""Inputs that are longer than the model takes: summarised in parts, and the parts' summaries once more.

How many tokens a text has is known only to the model; three characters a token is a careful guess for most languages.
Where the guess fails, or nothing is known of the model's context, the model says that it is too long, and the parts
become shorter. The workflow's own endpoint counts for itself, at no cost, so nothing is guessed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from lambdas.gateway.answering import Answering, Progress, Told
from lambdas.gateway.exchange import Parameters, Turn
from lambdas.gateway.problems import Problem
from lambdas.shared.turns import task_prompt

ENDPOINT = "sagemaker"
CHARACTERS_PER_TOKEN = 3
RESERVE_TOKENS = 64
FEWEST_CHARACTERS = 400
# A paragraph's end, a line's, a sentence's, and at last a word's.
ENDS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?。！？])\s*"), re.compile(r"\s"))


def summarized(
    answering: Answering, instruction: str, text: str, parameters: Parameters, *, live: bool
) -> Iterator[Told]:
    """Give the summary of a text, in parts where it has to be; between them, how far it has come."""
    most = _most_characters(answering, instruction, parameters)
    while True:
        try:
            yield from _within(answering, instruction, text, parameters, most, live=live)
            return
        except Problem as problem:
            longest = min(len(text), most)
            if problem.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or longest // 2 < FEWEST_CHARACTERS:
                raise
            # That the model takes less than was guessed is how its bound is found, and no attempt that failed.
            answering.forget_refusal()
            most = longest // 2


def split(text: str, most: int) -> list[str]:
    """Split a text into parts of about the same length, none longer than `most`, where its sense allows it.

    >>> split("One. Two. Three.", 10)
    ['One. Two. ', 'Three.']
    """
    parts = []
    start = 0
    while len(text) - start > most:
        # What is left is divided evenly, so that the last part is not a crumb.
        remaining = len(text) - start
        wished = min(most, remaining // -(-remaining // most) + most // 4)
        end = start + _cut(text[start : start + wished])
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def _cut(text: str) -> int:
    """Give where to end a part, in the second half of what it may have."""
    for end in ENDS:
        places = [hit.end() for hit in end.finditer(text, len(text) // 2) if hit.end() > len(text) // 2]
        if places:
            return places[-1]
    return len(text)


def _within(
    answering: Answering, instruction: str, text: str, parameters: Parameters, most: int, *, live: bool
) -> Iterator[Told]:
    while len(text) > most:
        parts = split(text, most)
        summaries = []
        for place, part in enumerate(parts, start=1):
            yield Progress(place, len(parts))
            turns = _turns(instruction, part)
            summaries.append("".join(answering.texts(turns, parameters, live=False, examples=True, part=True)).strip())
        shorter = "\n\n".join(summaries)
        if len(shorter) >= len(text):
            # The model repeats what it reads; it would never end.
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The input is too long for the model, in parts too.")
        text = shorter
    yield from answering.texts(_turns(instruction, text), parameters, live=live, examples=True)


def _turns(instruction: str, text: str) -> Sequence[Turn]:
    return (Turn("user", task_prompt(instruction, text)),)


def _most_characters(answering: Answering, instruction: str, parameters: Parameters) -> int:
    """Give how long a text the model may take beside what it is shown and what it is to write."""
    asked = answering.asked
    if asked.context_tokens is None or asked.kind == ENDPOINT:
        return 2**31
    beside = sum(len(turn.content) for turn in _turns(instruction, ""))
    beside += asked.examples.most_characters() if asked.examples else 0
    tokens = asked.context_tokens - parameters.max_tokens - RESERVE_TOKENS
    return max(FEWEST_CHARACTERS, tokens * CHARACTERS_PER_TOKEN - beside)
