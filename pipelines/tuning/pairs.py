"""Preference pairs: two answers to one question, the chosen one and the rejected one.

A curated pair is a conversation that ends with the chosen answer, and the rejected one beside it. In a pack the
question stands once, with both answers behind it: attention alone sees it twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from pipelines.tuning import examples
from pipelines.tuning.batches import Layout, Pack, grouped
from pipelines.tuning.container import TuningError
from pipelines.tuning.drawing import Census, Encoding, Skipped, all_of, draw, lines_in
from pipelines.tuning.examples import Example, Record

ROWS = 2


@dataclass(frozen=True)
class PairRecord:
    """One curated pair; the record's own answer is the chosen one."""

    record: Record
    rejected: str

    @property
    def record_id(self) -> str:
        return self.record.record_id


@dataclass(frozen=True)
class Pair:
    """A pair as tokens, both examples with the same prompt.

    `reference` has the log-probabilities that the base model gives to the chosen and the rejected answer, once they
    are known.
    """

    chosen: Example
    rejected: Example
    reference: tuple[float, float] | None = None

    @property
    def tokens(self) -> int:
        """How many tokens there are, those of the prompt once."""
        return len(self.chosen.tokens) + len(self.rejected.answer)

    @property
    def width(self) -> int:
        """Tokens of the prompt with the longer answer."""
        return max(len(self.chosen.tokens), len(self.rejected.tokens))

    @property
    def known_reference(self) -> tuple[float, float]:
        if self.reference is None:
            raise ValueError("A pair has no loss before the base model's log-probabilities are known.")
        return self.reference


def pairs_in(folder: Path) -> Iterator[PairRecord]:
    """Read every pair under a channel's folder.

    Raises:
        TuningError: a line is no curated pair; the message names file and line.
    """
    for line, place in lines_in(folder):
        record = examples.parse(line, place)
        value: Any = json.loads(line)
        if not isinstance(value.get("rejected"), str):
            raise TuningError(
                f"{place}: no preference pair, for it has no 'rejected' beside its messages. Prepare data with a "
                "rejected answer (data.columns.rejected), or choose another tuning.objective."
            )
        yield PairRecord(record, value["rejected"])


def load(
    folder: Path, limit: int, tokenizer: PreTrainedTokenizerBase, max_length: int, seed: int
) -> tuple[list[Pair], Census]:
    """Read a channel, and draw pairs by chance until `limit` of them could be encoded.

    Raises:
        TuningError: a line is no pair, there is none, or none can be used.
    """
    return draw(
        all_of(pairs_in(folder), folder),
        Encoding(
            whole=lambda record: whole(record, tokenizer),
            fitted=lambda pair: shortened(pair, tokenizer, max_length),
            length=lambda pair: pair.width,
        ),
        limit,
        max_length,
        seed,
        folder.name,
    )


def whole(pair: PairRecord, tokenizer: PreTrainedTokenizerBase) -> Pair:
    """Encode both answers; raises Skipped where there is nothing to prefer."""
    last = {**pair.record.messages[-1], "content": pair.rejected}
    other = replace(pair.record, messages=(*pair.record.messages[:-1], last))
    chosen, rejected = examples.whole(pair.record, tokenizer), examples.whole(other, tokenizer)
    if chosen.tokens == rejected.tokens:
        raise Skipped("with two equal answers")
    return Pair(chosen, rejected)


def shortened(pair: Pair, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Pair:
    """Cut the question until it fits with the longer answer, the same for both; raises Skipped as for one answer."""
    longer = max(pair.chosen, pair.rejected, key=lambda example: len(example.tokens))
    prompt = examples.shortened(longer, tokenizer, max_length).prompt
    return Pair(pair.chosen.after(prompt), pair.rejected.after(prompt))


def groups(pairs: Sequence[Pair], tokens_at_once: int) -> Iterator[list[Pair]]:
    """Cut a batch of pairs into groups that fit into memory."""
    return grouped(pairs, tokens_at_once, lambda pair: pair.tokens, lambda pair: pair.width, ROWS)


def pack(pairs: Sequence[Pair], device: torch.device) -> Pack:
    """Put pairs one behind the other, each as prompt, chosen answer, rejected answer.

    Targets are in the order of `answer_of_target`.
    """
    tokens: list[int] = []
    positions: list[int] = []
    sources: list[int] = []
    rows: list[list[int]] = []
    shared: list[int] = []
    for pair in pairs:
        start, prompt = len(tokens), len(pair.chosen.prompt)
        asked = list(range(start, start + prompt))
        tokens += pair.chosen.prompt
        positions += range(prompt)
        for example in (pair.chosen, pair.rejected):
            answer = list(range(len(tokens), len(tokens) + len(example.answer)))
            tokens += example.answer
            positions += range(prompt, len(example.tokens))
            # The first token of either answer follows the prompt's last.
            sources += [asked[-1], *answer[:-1]]
            rows.append(asked + answer)
        shared += [0, prompt]
    all_tokens = torch.tensor(tokens)
    targets = [place for row, example in zip(rows, _answers(pairs), strict=True) for place in row[-len(example) :]]
    return Pack(
        tokens=all_tokens[None].to(device),
        positions=torch.tensor(positions)[None].to(device),
        sources=torch.tensor(sources).to(device),
        targets=all_tokens[targets].to(device),
        layout=_layout(rows, shared, device),
    )


def answer_of_target(pairs: Sequence[Pair], device: torch.device) -> torch.Tensor:
    """Number the answer that each target of a pack belongs to: twice the pair's number, and one more if rejected."""
    lengths = torch.tensor([len(answer) for answer in _answers(pairs)])
    return torch.repeat_interleave(torch.arange(len(lengths)), lengths).to(device)


def _answers(pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    return [example.answer for pair in pairs for example in (pair.chosen, pair.rejected)]


def _layout(rows: Sequence[Sequence[int]], shared: Sequence[int], device: torch.device) -> Layout:
    """Lay rows of tokens out; of each, so many at its beginning have a place in the row before it already."""
    width = max(len(row) for row in rows)
    columns = torch.arange(width)
    # A place behind the end repeats the row's last token.
    token_of_place = torch.cat([torch.tensor(row)[columns.clamp(max=len(row) - 1)] for row in rows])
    filled = torch.cat([columns < len(row) for row in rows])
    copied = torch.cat([columns < count for count in shared])
    own = torch.arange(len(rows) * width)[filled & ~copied]
    place_of_token = torch.empty_like(own)
    place_of_token[token_of_place[own]] = own
    return Layout(
        rows=len(rows),
        width=width,
        token_of_place=token_of_place.to(device),
        place_of_token=place_of_token.to(device),
        empty_places=torch.arange(len(rows) * width)[~filled].to(device),
        copies=torch.arange(len(rows) * width)[copied].to(device),
    )
