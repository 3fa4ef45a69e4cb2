"""From curated records to token sequences, with every record accounted for.

A record is a conversation whose last turn is the answer to learn. The model's own chat template decides how it
is written. Only the answer's tokens count in the loss; what the template puts after the end-of-turn token is cut
off, because it is never generated.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from pipelines.tuning.container import TuningError

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


@dataclass
class Census:
    """What became of the records: `read == not_sampled + used + sum(skipped)`; `truncated` are among the used.

    Records are drawn one by one until enough are used: those that were not needed any more are `not_sampled`.
    Of all that were drawn, cut or not, `longest` is the most tokens that one has, and nine in ten have no more
    than `nine_in_ten`: what `max_length` would have to be to cut none of them, and few.
    """

    read: int = 0
    not_sampled: int = 0
    used: int = 0
    truncated: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    nine_in_ten: int = 0
    longest: int = 0


def records_in(folder: Path) -> Iterator[Record]:
    """Read every `.jsonl` file under a channel's folder, in the order of their names, record by record.

    Raises:
        TuningError: a line is not a curated record; the message names file and line.
    """
    for file in sorted(folder.rglob("*.jsonl")):
        # Bytes: as text, Unicode's own line separators would end a line in the middle of a string.
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            yield _parse(line, f"{file.name}, line {number}")


def read_records(folder: Path) -> list[Record]:
    """Read all of a channel's records.

    Raises:
        TuningError: as `records_in`; or there is no record.
    """
    records = list(records_in(folder))
    if not records:
        files = len(list(folder.rglob("*.jsonl")))
        raise TuningError(
            f"Channel '{folder.name}' holds no record ({files} .jsonl files under {folder}). "
            "Check the S3 prefix, and that data preparation kept records for this split."
        )
    return records


def _parse(line: bytes, place: str) -> Record:
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


def shuffled(records: Iterable[Record], seed: int) -> list[Record]:
    """Put records into an order by chance, the same one whatever the order of files and lines was."""
    order = sorted(records, key=lambda record: record.record_id)
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


def load(
    folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[Example], Census]:
    """Read a channel, and draw records by chance until `limit` of them could be encoded.

    Raises:
        TuningError: as `read_records`; or no record can be used: the message counts the reasons.
    """
    records = read_records(folder)
    census = Census(read=len(records))
    examples: list[Example] = []
    lengths: list[int] = []
    for record in shuffled(records, seed):
        if len(examples) == limit:
            break
        try:
            whole = _whole(record, tokenizer)
            lengths.append(len(whole.tokens))
            examples.append(_shortened(whole, tokenizer, max_length))
        except _Skipped as reason:
            census.skipped[str(reason)] = census.skipped.get(str(reason), 0) + 1
            continue
        census.truncated += lengths[-1] > max_length
    if not examples:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(census.skipped.items()))
        raise TuningError(
            f"None of the {len(records)} records in channel '{folder.name}' can be used: {reasons}. "
            f"Raise max_length (now {max_length} tokens) or shorten the texts."
        )
    census.used = len(examples)
    census.not_sampled = census.read - census.used - sum(census.skipped.values())
    lengths.sort()
    census.nine_in_ten, census.longest = lengths[math.ceil(0.9 * len(lengths)) - 1], lengths[-1]
    return examples, census


class _Skipped(Exception):
    """Why one record cannot be used."""


def _whole(record: Record, tokenizer: PreTrainedTokenizerBase) -> Example:
    if not record.reference.strip():
        raise _Skipped("without an answer")
    return Example(record, *_apply_template(record.messages, tokenizer))


def _shortened(example: Example, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Example:
    messages: list[Message] = list(example.record.messages)
    text: list[int] = tokenizer.encode(messages[-2]["content"], add_special_tokens=False)
    kept = len(text)
    while (excess := len(example.tokens) - max_length) > 0:
        kept -= excess
        if kept < len(text) * (1 - MAX_TRUNCATED_SHARE):
            raise _Skipped(TOO_LONG)
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
        raise _Skipped("written by the chat template so that the answer does not follow the prompt")
    end = _end_of_turn(whole, len(prompt), tokenizer.eos_token_id)
    return tuple(whole[:end]), len(prompt)


def _end_of_turn(tokens: Sequence[int], start: int, end_token: int | None) -> int:
    """Find where the answer that begins at `start` ends: behind the last end-of-turn token, if it has one."""
    for position in range(len(tokens) - 1, start - 1, -1):
        if tokens[position] == end_token:
            return position + 1
    return len(tokens)
