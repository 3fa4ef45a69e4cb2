"""Unlabelled texts for continued pre-training: every token is learned, none is lost, and rows are full.

A text ends with the end-of-turn token. One that is longer than a row is cut into windows, each of which begins with
the last token of the one before: that token is context only, so every token but a text's first is learned once. The
windows of short texts are put together in rows of at most `max_length` tokens, which are what batches count; packed
attention keeps each to itself.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from pipelines.tuning.container import TuningError
from pipelines.tuning.drawing import Census, all_of, lines_in, shuffled
from pipelines.tuning.examples import Example, Record

TOO_SHORT = "of a single token"
_BETWEEN_TURNS = "\n\n"


@dataclass(frozen=True)
class Text:
    """One curated text."""

    record_id: str
    content: str


@dataclass(frozen=True)
class Row:
    """Windows that are trained on together. In each, all tokens but the first are learned."""

    windows: tuple[Example, ...]

    @property
    def tokens(self) -> int:
        return sum(len(window.tokens) for window in self.windows)


def texts_in(folder: Path) -> Iterator[Text]:
    """Read every text under a channel's folder; of a conversation, what its turns say, one after the other.

    Raises:
        TuningError: a line is no curated record; the message names file and line.
    """
    return (_parse(line, place) for line, place in lines_in(folder))


def _parse(line: bytes, place: str) -> Text:
    try:
        value: Any = json.loads(line)
        content = value["text"] if "text" in value else _BETWEEN_TURNS.join(m["content"] for m in value["messages"])
        if not isinstance(content, str) or not content:
            raise ValueError("the text is empty or no string")
        return Text(str(value["record_id"]), content)
    except (ValueError, TypeError, KeyError) as error:
        raise TuningError(
            f"{place}: not a curated record ({type(error).__name__}: {error}). Each line must be a JSON object "
            'with "record_id" and "text", or "messages", a list of {"role", "content"}.'
        ) from error


def load(
    folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[Row], Census]:
    """Read a channel, draw `limit` texts by chance, and cut and pack them into rows.

    Raises:
        TuningError: a line is no record, or there is none.
    """
    texts = all_of(texts_in(folder), folder)
    drawn = shuffled(texts, seed)[:limit]
    census = Census(read=len(texts), not_sampled=len(texts) - len(drawn))
    windows: list[Example] = []
    lengths: list[int] = []
    for text in drawn:
        tokens = encoded(text.content, tokenizer)
        lengths.append(len(tokens))
        if len(tokens) < 2:
            census.skipped[TOO_SHORT] = census.skipped.get(TOO_SHORT, 0) + 1
            continue
        windows += [Example(Record(text.record_id, ()), cut, 1) for cut in cut_into_windows(tokens, max_length)]
    census.note(lengths)
    census.used = len(drawn) - sum(census.skipped.values())
    if not windows:
        raise TuningError(f"None of the {len(texts)} texts in channel '{folder.name}' has two tokens: nothing follows.")
    return packed_into_rows(windows, max_length), census


def encoded(text: str, tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """Encode a text as the tokenizer begins one, and end it where it does not end it itself."""
    tokens = list(tokenizer.encode(text))
    end = tokenizer.eos_token_id
    return tuple(tokens if end is None or tokens[-1:] == [end] else [*tokens, end])


def cut_into_windows(tokens: Sequence[int], max_length: int) -> Iterator[tuple[int, ...]]:
    """Cut a text so that every token but its first is one that a window learns, once."""
    for start in range(0, max(len(tokens) - 1, 1), max_length - 1):
        yield tuple(tokens[start : start + max_length])


def packed_into_rows(windows: Sequence[Example], max_length: int) -> list[Row]:
    """Put windows, the longest first, each into the fullest row that has room for it (best fit, decreasing)."""
    rows: list[list[Example]] = []
    room: list[tuple[int, int]] = []  # (tokens left, number of the row), in order
    for window in sorted(windows, key=lambda each: len(each.tokens), reverse=True):
        size = len(window.tokens)
        place = bisect_left(room, (size, -1))
        if place == len(room):
            rows.append([])
            left, number = max_length, len(rows) - 1
        else:
            left, number = room.pop(place)
        rows[number].append(window)
        if left > size:
            insort(room, (left - size, number))
    return [Row(tuple(row)) for row in rows]
