"""Draws records of a channel by chance, encodes them, and accounts for every one, whatever a record is.

Which ones are drawn follows from their ids and the seed alone, not from the order of files and lines.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pipelines.tuning.container import TuningError


class Identified(Protocol):
    """What has a record id."""

    @property
    def record_id(self) -> str: ...


R = TypeVar("R", bound=Identified)
E = TypeVar("E")


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

    def note(self, lengths: Iterable[int]) -> None:
        """Take note of how many tokens each record that was drawn has."""
        ordered = sorted(lengths)
        self.nine_in_ten, self.longest = ordered[math.ceil(0.9 * len(ordered)) - 1], ordered[-1]


def lines_in(folder: Path) -> Iterator[tuple[bytes, str]]:
    """Read every `.jsonl` file under a folder, in the order of their names, line by line; with each line its place."""
    for file in sorted(folder.rglob("*.jsonl")):
        # Bytes: as text, Unicode's own line separators would end a line in the middle of a string.
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            yield line, f"{file.name}, line {number}"


def all_of(parsed: Iterable[R], folder: Path) -> list[R]:
    """Read all of a channel's records.

    Raises:
        TuningError: as `parsed` does; or there is no record.
    """
    records = list(parsed)
    if not records:
        files = len(list(folder.rglob("*.jsonl")))
        raise TuningError(
            f"Channel '{folder.name}' holds no record ({files} .jsonl files under {folder}). "
            "Check the S3 prefix, and that data preparation kept records for this split."
        )
    return records


def shuffled(records: Iterable[R], seed: int) -> list[R]:
    """Put records into an order by chance, the same one whatever the order of files and lines was."""
    order = sorted(records, key=lambda record: record.record_id)
    random.Random(seed).shuffle(order)  # noqa: S311
    return order


class Skipped(Exception):
    """Why one record cannot be used."""


@dataclass(frozen=True)
class Encoding(Generic[R, E]):
    """How a record becomes tokens: `whole`, then `fitted` to `max_length`; `length` counts. Both may skip it."""

    whole: Callable[[R], E]
    fitted: Callable[[E], E]
    length: Callable[[E], int]


def draw(
    records: Sequence[R], encoding: Encoding[R, E], limit: int, max_length: int, seed: int, channel: str
) -> tuple[list[E], Census]:
    """Draw records by chance until `limit` of them could be encoded.

    Raises:
        TuningError: none can be used: the message counts the reasons.
    """
    census = Census(read=len(records))
    encoded: list[E] = []
    lengths: list[int] = []
    for record in shuffled(records, seed):
        if len(encoded) == limit:
            break
        try:
            one = encoding.whole(record)
            lengths.append(encoding.length(one))
            encoded.append(encoding.fitted(one))
        except Skipped as reason:
            census.skipped[str(reason)] = census.skipped.get(str(reason), 0) + 1
            continue
        census.truncated += lengths[-1] > max_length
    if not encoded:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(census.skipped.items()))
        raise TuningError(
            f"None of the {len(records)} records in channel '{channel}' can be used: {reasons}. "
            f"Raise max_length (now {max_length} tokens) or shorten the texts."
        )
    census.used = len(encoded)
    census.not_sampled = census.read - census.used - sum(census.skipped.values())
    census.note(lengths)
    return encoded, census
