"""Unlabelled texts: no token is lost, none is learned twice, and rows are as full as they can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from pipelines.tuning import texts
from pipelines.tuning.container import TuningError
from pipelines.tuning.examples import Example, Record
from tests.unit.tuning.conftest import record, write_lines

NOBODY = Record("", ())


@given(st.integers(2, 200), st.integers(2, 40))
def test_every_token_but_a_text_s_first_is_learned_once(count: int, max_length: int) -> None:
    tokens = tuple(range(count))
    windows = list(texts.cut_into_windows(tokens, max_length))
    assert [token for window in windows for token in window[1:]] == list(tokens[1:])
    assert windows[0][0] == tokens[0]
    # What is context only is what stands before.
    assert all(window[0] == window[1] - 1 for window in windows)
    assert all(2 <= len(window) <= max_length for window in windows)


@given(st.lists(st.integers(2, 32), min_size=1, max_size=60))
def test_rows_hold_every_window_once_and_none_is_too_long(lengths: list[int]) -> None:
    windows = [Example(NOBODY, (number,) * length, 1) for number, length in enumerate(lengths)]
    rows = texts.packed_into_rows(windows, 32)
    assert sorted(w.tokens for row in rows for w in row.windows) == sorted(w.tokens for w in windows)
    assert all(row.tokens <= 32 for row in rows)
    # Best fit: no two rows could have been one.
    emptiest = sorted(row.tokens for row in rows)[:2]
    assert len(rows) == 1 or sum(emptiest) > 32


def test_a_text_ends_with_the_end_of_a_turn(tokenizer: PreTrainedTokenizerFast) -> None:
    tokens = texts.encoded("create a bucket", tokenizer)
    assert tokens[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(list(tokens[:-1])) == "create a bucket"


def test_texts_alone_and_conversations_are_read_alike(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    said = [message["content"] for message in record(1)["messages"]]
    lines = [{"record_id": "text", "text": "\n\n".join(said)}, record(1)]
    write_lines(tmp_path, [json.dumps(line) for line in lines])
    alone, conversation = texts.texts_in(tmp_path)
    assert alone.content == conversation.content


def test_the_census_counts_texts_and_not_rows(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    lines = [{"record_id": str(number), "text": "create a bucket " * (1 + 19 * (number == 3))} for number in range(8)]
    write_lines(tmp_path, [json.dumps(line) for line in lines])
    rows, census = texts.load(tmp_path, 6, tokenizer, 32, seed=1)
    assert (census.read, census.used, census.not_sampled, census.truncated) == (8, 6, 2, 0)
    drawn = {window.record.record_id for row in rows for window in row.windows}
    assert len(drawn) == 6
    assert len(rows) < 6
    assert texts.load(tmp_path, 8, tokenizer, 32, seed=1)[1].longest > 32


@pytest.mark.parametrize(
    "line", ['{"record_id": "a"}', '{"record_id": "a", "text": 3}', '{"record_id": "a", "text": ""}', "["]
)
def test_a_line_that_is_no_text_is_named(tmp_path: Path, line: str) -> None:
    write_lines(tmp_path, ['{"record_id": "a", "text": "create"}', line])
    with pytest.raises(TuningError, match=r"part-00000\.jsonl, line 2: not a curated record"):
        list(texts.texts_in(tmp_path))
