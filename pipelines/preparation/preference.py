"""Preference pairs: a record with a rejected answer beside the target, as data sets for DPO and its kin have it.

Prompt and answers are texts, or lists of turns: then the answers may begin with the prompt, or it is a column of its
own. Where both have it they must agree, once cleaned; nothing that a prompt says is left out. What comes out is the
example of the chosen answer, with the rejected one beside it.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.preparation.conversations import in_order, turns_of
from pipelines.preparation.json_types import json_type
from pipelines.preparation.plain_text import plain
from pipelines.preparation.records import Example, Reason, Rejected, Turn
from pipelines.preparation.settings import Columns

_Turns = tuple[Turn, ...]


def pair(record: Mapping[str, Any], columns: Columns) -> Example:
    """Return the pair of a record that has every column, or raise `Rejected`."""
    answer = columns.messages or columns.target
    in_texts = all(isinstance(record[name], str) for name in (answer, columns.rejected))
    if in_texts and not columns.messages and not isinstance(record[columns.text], list):
        text, target, rejected = (text_in(record, name) for name in (columns.text, answer, columns.rejected))
        return Example(text, target, rejected=rejected)
    said, other_said = (_said(record[name], name) for name in (answer, columns.rejected))
    asked = () if columns.messages else _asked(record, columns.text, needed=not _is_whole(said))
    chosen = in_order(_behind(asked, said, columns.text, answer), answer)
    # An answer without a question is behind what the chosen one is behind.
    before = chosen[:-1] if _is_whole(said) or not asked else asked
    other = _behind(asked if _is_whole(other_said) else before, other_said, columns.text, columns.rejected)
    other = in_order(other, columns.rejected)
    if not _agree(other[:-1], chosen[:-1]):
        raise Rejected(
            Reason.DIFFERENT_PROMPTS,
            f"the turns before the last differ between {answer!r} and {columns.rejected!r}: they answer two questions",
        )
    return Example.of(chosen)._replace(rejected=other[-1].content)


def check_answers_differ(example: Example) -> None:
    """Two equal answers say nothing about which one is better."""
    if example.rejected == example.target:
        raise Rejected(Reason.SAME_ANSWERS, "the rejected answer is the chosen one, once both are cleaned")


def text_in(record: Mapping[str, Any], name: str) -> str:
    """Return the text of a column, or raise `Rejected`."""
    value = record[name]
    if not isinstance(value, str):
        raise Rejected(Reason.WRONG_TYPE, f"column {name!r} is {json_type(value)}, not a string")
    if not value.strip():
        raise Rejected(Reason.EMPTY, f"column {name!r} is blank")
    return value


def _asked(record: Mapping[str, Any], name: str, *, needed: bool) -> _Turns:
    """Return what the column of the prompt says; whole conversations can do without."""
    value = record[name]
    if not needed and (value is None or value == [] or (isinstance(value, str) and not value.strip())):
        return ()
    return turns_of(value, name) if isinstance(value, list) else (Turn("user", text_in(record, name)),)


def _said(answer: Any, name: str) -> _Turns:
    return turns_of([{"role": "assistant", "content": answer}] if isinstance(answer, str) else answer, name)


def _is_whole(said: _Turns) -> bool:
    """Whether an answer brings the question with it."""
    return bool(said) and said[0].role != "assistant"


def _behind(asked: _Turns, said: _Turns, prompt: str, answer: str) -> _Turns:
    """Return the conversation that an answer ends, behind what was asked where it does not begin with it."""
    if not _is_whole(said):
        return (*asked, *said)
    system, spoken = _system_apart(in_order(said, answer))
    asked_system, asked_spoken = _system_apart(asked)
    begins = _agree(asked_spoken, spoken[: len(asked_spoken)]) and len(asked_spoken) < len(spoken)
    if not begins or (system and asked_system and not _agree(system, asked_system)):
        raise Rejected(Reason.DIFFERENT_PROMPTS, f"the turns of {answer!r} do not begin with what {prompt!r} says")
    return (*(system or asked_system), *spoken)


def _system_apart(turns: _Turns) -> tuple[_Turns, _Turns]:
    number = sum(turn.role == "system" for turn in turns[:1])
    return turns[:number], turns[number:]


def _agree(some: _Turns, others: _Turns) -> bool:
    """Whether turns are the same once they are cleaned."""
    return some == others or (
        len(some) == len(others)
        and all(
            one.role == other.role and (one.content == other.content or plain(one.content) == plain(other.content))
            for one, other in zip(some, others, strict=True)
        )
    )
