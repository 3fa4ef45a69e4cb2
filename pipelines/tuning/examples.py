"""From curated records to token sequences, with every record accounted for.

A record is a conversation whose last turn is the answer to learn. The model's own chat template decides how it
is written. Only the answer's tokens count in the loss; what the template puts after the end-of-turn token is cut
off, because it is never generated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from pipelines.tuning.container import TuningError
from pipelines.tuning.drawing import Census, Encoding, Skipped, all_of, draw, lines_in

Message = dict[str, str]
# A prompt that loses more than this of its text asks about something else.
MAX_TRUNCATED_SHARE = 0.5
TOO_LONG = "too long"


@dataclass(frozen=True)
class Record:
    """One curated record; `messages` end with the assistant's."""

    record_id: str
    messages: tuple[Message, ...]

    @property
    def reference(self) -> str:
        return self.messages[-1]["content"]


@dataclass(frozen=True)
class Example:
    """A record as tokens: `tokens[:completion_start]` is the prompt, the rest what the model shall answer."""

    record: Record
    tokens: tuple[int, ...]
    completion_start: int

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.tokens[: self.completion_start]

    @property
    def answer(self) -> tuple[int, ...]:
        return self.tokens[self.completion_start :]

    def after(self, prompt: tuple[int, ...]) -> Example:
        """Give the same answer after another prompt."""
        return replace(self, tokens=prompt + self.answer, completion_start=len(prompt))


def records_in(folder: Path) -> Iterator[Record]:
    """Read every record under a channel's folder, in the order of files and lines.

    Raises:
        TuningError: a line is not a curated record; the message names file and line.
    """
    return (parse(line, place) for line, place in lines_in(folder))


def parse(line: bytes, place: str) -> Record:
    """Read a conversation that ends with the assistant's turn.

    Raises:
        TuningError: the line holds none; the message names its place.
    """
    try:
        value: Any = json.loads(line)
        messages = tuple({"role": str(m["role"]), "content": str(m["content"])} for m in value["messages"])
        record = Record(str(value["record_id"]), messages)
    except (ValueError, TypeError, KeyError) as error:
        raise TuningError(
            f"{place}: not a curated record ({type(error).__name__}: {error}). Each line must be a JSON object "
            'with "record_id" and "messages", a list of {"role", "content"}.'
        ) from error
    if len(messages) < 2 or messages[-1]["role"] != "assistant":
        raise TuningError(f"{place}: the messages must be a question at least, and end with the assistant's.")
    return record


def load(
    folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[Example], Census]:
    """Read a channel, and draw records by chance until `limit` of them could be encoded.

    Raises:
        TuningError: as `all_of`; or no record can be used: the message counts the reasons.
    """
    return draw(
        all_of(records_in(folder), folder),
        Encoding(
            whole=lambda record: whole(record, tokenizer),
            fitted=lambda example: shortened(example, tokenizer, max_length),
            length=lambda example: len(example.tokens),
        ),
        limit,
        max_length,
        seed,
        folder.name,
    )


def whole(record: Record, tokenizer: PreTrainedTokenizerBase) -> Example:
    """Encode a record, however long it is; raises Skipped."""
    if not record.reference.strip():
        raise Skipped("without an answer")
    return Example(record, *_apply_template(record.messages, tokenizer))


def shortened(example: Example, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Example:
    """Cut the end of the last question until all fits; raises Skipped where too much of it would go."""
    messages: list[Message] = list(example.record.messages)
    text: list[int] = tokenizer.encode(messages[-2]["content"], add_special_tokens=False)
    kept = len(text)
    while (excess := len(example.tokens) - max_length) > 0:
        kept -= excess
        if kept < len(text) * (1 - MAX_TRUNCATED_SHARE):
            raise Skipped(TOO_LONG)
        messages[-2] = {**messages[-2], "content": str(tokenizer.decode(text[:kept]))}
        example = Example(example.record, *_apply_template(messages, tokenizer))
    return example


def _apply_template(messages: Sequence[Message], tokenizer: PreTrainedTokenizerBase) -> tuple[tuple[int, ...], int]:
    def tokens(turns: Sequence[Message], ask: bool) -> list[int]:
        text = tokenizer.apply_chat_template(list(turns), tokenize=False, add_generation_prompt=ask)
        return list(tokenizer.encode(str(text), add_special_tokens=False))

    prompt = tokens(messages[:-1], ask=True)
    whole = tokens(messages, ask=False)
    if whole[: len(prompt)] != prompt:
        raise Skipped("written by the chat template so that the answer does not follow the prompt")
    end = _end_of_turn(whole, len(prompt), tokenizer.eos_token_id)
    return tuple(whole[:end]), len(prompt)


def _end_of_turn(tokens: Sequence[int], start: int, end_token: int | None) -> int:
    """Find where the answer that begins at `start` ends: behind the last end-of-turn token, if it has one."""
    for position in range(len(tokens) - 1, start - 1, -1):
        if tokens[position] == end_token:
            return position + 1
    return len(tokens)
