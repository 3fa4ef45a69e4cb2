"""Prompts as chat turns, the same in evaluation and in the gateway, so that what was measured is what serves."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.shared.records import Record, sample
from lambdas.shared.turns import Turn, task_prompt

__all__ = ["Turn", "choose_examples", "few_shot_turns", "task_prompt", "text_of"]


def text_of(prompt: str, instruction: str) -> str:
    """Give the text of a prompt without the instruction that stands before it."""
    return prompt.removeprefix(task_prompt(instruction, ""))


def choose_examples(records: Sequence[Record], count: int) -> list[Record]:
    """Choose examples to show a model: a fixed choice among the shorter half, so that prompts stay short."""
    by_length = sorted(records, key=lambda record: (sum(len(t.content) for t in record.turns), record.record_id))
    return sample(by_length[: max(count, len(by_length) // 2)], count)


def few_shot_turns(examples: Sequence[Record]) -> list[Turn]:
    """Show each example as it was said, with the answer of the assistant, but without its system turn."""
    return [
        turn
        for example in examples
        for turn in (*example.turns, Turn("assistant", example.reference))
        if turn.role != "system"
    ]
