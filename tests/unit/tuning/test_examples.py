"""Records become token sequences; only the answer is learned, and each record is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from transformers import PreTrainedTokenizerFast

from pipelines.tuning import examples
from pipelines.tuning.container import TuningError
from pipelines.tuning.drawing import Census, all_of
from tests.unit.tuning.conftest import END, record, write_lines

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords


def encode(
    records: list[dict[str, Any]], tokenizer: PreTrainedTokenizerFast, folder: Path, max_length: int = 64
) -> tuple[list[examples.Example], Census]:
    write_lines(folder, [json.dumps(each) for each in records])
    return examples.load(folder, 1000, tokenizer, max_length, seed=1)


def text_of(tokens: tuple[int, ...], tokenizer: PreTrainedTokenizerFast) -> str:
    return str(tokenizer.decode(list(tokens)))


def long_record(number: int, words: int) -> dict[str, Any]:
    wordy = record(number)
    wordy["messages"][0]["content"] = " ".join(["bucket"] * words)
    return wordy


def test_the_completion_is_the_answer_and_the_end_of_turn_token(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    [example], _ = encode([record(3)], tokenizer, tmp_path)
    completion = text_of(example.tokens[example.completion_start :], tokenizer)
    assert completion == "describe a bucket" + END
    prompt = text_of(example.prompt, tokenizer)
    assert prompt.endswith("<|im_start|>assistant\n")
    assert record(3)["messages"][0]["content"] in prompt


def test_a_channel_without_records_is_refused_by_name(tmp_path: Path) -> None:
    channel = write_lines(tmp_path / "validation", [])
    with pytest.raises(TuningError, match=r"Channel 'validation' holds no record \(1 \.jsonl files"):
        all_of(examples.records_in(channel), channel)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("not json", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("\udcff", "UnicodeDecodeError"),
        ('{"record_id": "1"}', "'messages'"),
        ('{"record_id": "1", "messages": [{"role": "user"}]}', "'content'"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}', "'record_id'"),
        ('{"record_id": "1", "messages": [{"role": "user", "content": "a"}]}', "end with the assistant's"),
    ],
)
def test_a_line_that_is_no_curated_record_is_refused_with_its_place(line: str, what: str, tmp_path: Path) -> None:
    channel = write_lines(tmp_path, [json.dumps(record(1)), line])
    with pytest.raises(TuningError, match=rf"part-00000\.jsonl, line 2: .*{what}"):
        all_of(examples.records_in(channel), channel)


def test_a_long_prompt_is_shortened_at_its_end_and_counted(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    loaded, census = encode([long_record(0, 60), record(1)], tokenizer, tmp_path, max_length=48)
    assert (census.used, census.truncated, census.skipped) == (2, 1, {})
    shortened = next(e for e in loaded if e.record.record_id == "0" * 16)
    assert len(shortened.tokens) <= 48
    text = text_of(shortened.tokens, tokenizer)
    assert text.endswith("<|im_start|>assistant\ncreate a bucket" + END)
    assert 30 <= text.count("bucket") < 60


def test_a_record_that_would_lose_half_its_text_is_skipped_and_counted(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    loaded, census = encode([long_record(0, 200), record(1)], tokenizer, tmp_path, max_length=48)
    assert [example.record.record_id for example in loaded] == [f"{1:016x}"]
    assert (census.read, census.used, census.truncated, census.skipped) == (2, 1, 0, {"too long": 1})


def test_an_empty_answer_is_skipped_and_counted(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    silent = record(0)
    silent["messages"][1]["content"] = "  "
    _, census = encode([silent, record(1)], tokenizer, tmp_path)
    assert census.skipped == {"without an answer": 1}


def test_no_usable_record_is_an_error_that_counts_the_reasons(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    with pytest.raises(
        TuningError, match=r"None of the 3 records in channel .* 3 too long\. Raise max_length \(now 32"
    ):
        encode([long_record(number, 200) for number in range(3)], tokenizer, tmp_path, max_length=32)


def test_every_record_is_accounted_for(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    write_lines(tmp_path, [json.dumps(long_record(number, 10 * number)) for number in range(20)])
    loaded, census = examples.load(tmp_path, 8, tokenizer, 64, seed=1)
    assert census.skipped
    assert census.truncated
    assert census.not_sampled
    assert census.read == 20 == census.not_sampled + census.used + sum(census.skipped.values())
    assert census.used == len(loaded)


def test_records_are_drawn_until_enough_can_be_used(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    write_lines(tmp_path, [json.dumps(long_record(number, 300 * (number % 2))) for number in range(40)])
    loaded, census = examples.load(tmp_path, 15, tokenizer, 64, seed=1)
    assert len(loaded) == census.used == 15
    assert census.skipped["too long"] > 0


def test_a_unicode_line_separator_does_not_end_a_line(tmp_path: Path) -> None:
    text = "one\u2028two\x85three"
    separated = record(0)
    separated["messages"][0]["content"] = text
    write_lines(tmp_path, [json.dumps(separated, ensure_ascii=False)])
    [read] = examples.records_in(tmp_path)
    assert read.messages[0]["content"] == text


def test_the_sample_does_not_depend_on_the_order_of_lines(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, write_records: WriteRecords
) -> None:
    write_records(tmp_path / "forward", 30)
    lines = (tmp_path / "forward" / "part-00000.jsonl").read_text().splitlines()
    write_lines(tmp_path / "backward", lines[::-1])
    drawn = [
        [each.record.record_id for each in examples.load(tmp_path / name, 10, tokenizer, 64, seed=4)[0]]
        for name in ("forward", "backward")
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 10
    assert drawn[0] != sorted(drawn[0])


def test_the_census_says_how_long_the_records_are_whole_also_those_that_were_left_out(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    records = [record(number) for number in range(9)] + [long_record(9, 200)]
    whole, _ = encode(records, tokenizer, tmp_path, max_length=1000)
    lengths = sorted(len(example.tokens) for example in whole)

    _, census = encode(records, tokenizer, tmp_path, max_length=48)

    assert census.skipped == {examples.TOO_LONG: 1}
    assert (census.nine_in_ten, census.longest) == (lengths[-2], lengths[-1])
    assert census.longest > 200


def test_with_the_length_of_the_longest_no_record_is_cut(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    records = [long_record(number, 20 * number) for number in range(6)]
    _, before = encode(records, tokenizer, tmp_path, max_length=64)
    _, after = encode(records, tokenizer, tmp_path, max_length=before.longest)

    assert before.truncated + before.skipped[examples.TOO_LONG] > 0
    assert (after.used, after.truncated, after.skipped) == (6, 0, {})
