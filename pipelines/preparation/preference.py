"""Preference pairs: a record with a rejected answer beside the target, as data sets for DPO and its kin have it.

Prompt and answers are texts, or lists of turns: then the answers may begin with the prompt, or it is a column of its
own. What comes out is the example of the chosen answer, with the rejected one beside it.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.preparation.conversations import conversation
from pipelines.preparation.json_types import json_type
from pipelines.preparation.records import Example, Reason, Rejected, Turn
from pipelines.preparation.settings import Columns


def pair(record: Mapping[str, Any], columns: Columns) -> Example:
    """Return the pair of a record that has every column, or raise `Rejected`."""
    answer = columns.messages or columns.target
    if not columns.messages and all(isinstance(record[name], str) for name in columns.names):
        text, target, rejected = (text_in(record, name) for name in (columns.text, answer, columns.rejected))
        return Example(text, target, rejected=rejected)
    asked = [] if columns.messages else _asked(record, columns.text)
    chosen = _turns(asked, record[answer], answer)
    other = _turns([turn._asdict() for turn in chosen[:-1]], record[columns.rejected], columns.rejected)
    if other[:-1] != chosen[:-1]:
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


def _asked(record: Mapping[str, Any], name: str) -> list[Any]:
    value = record[name]
    return value if isinstance(value, list) else [{"role": "user", "content": text_in(record, name)}]


def _turns(asked: list[Any], answer: Any, name: str) -> tuple[Turn, ...]:
    """Return the conversation that an answer ends: a text or a single turn stands behind what was asked."""
    turns = [{"role": "assistant", "content": answer}] if isinstance(answer, str) else answer
    return conversation([*asked, *turns] if isinstance(turns, list) and len(turns) == 1 else turns, name)
