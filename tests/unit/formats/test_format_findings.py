"""Findings are counted whole, listed in part, and joined as if the files were one."""

import io
import json
import pickle
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import json_lines
from pipelines.formats.check import Checker, check_lines, verdict
from pipelines.formats.findings import Findings
from pipelines.formats.json_lines import read_lines
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format

LLAMA = "llama-3-1-8b-instruct"
GOOD, EMPTY, BROKEN = b'{"prompt": "abc", "completion": "def"}\n', b'{"prompt": "", "completion": "b"}\n', b"{\n"


def test_totals_are_of_the_texts_and_sizes_of_the_lines() -> None:
    findings = check_lines(
        [GOOD, GOOD.rstrip(), '{"prompt": "ä", "completion": "1234567890"}'], Format.PROMPT_COMPLETION
    )
    assert (findings.lines, findings.accepted) == (3, 3)
    assert (findings.characters, findings.longest, findings.tokens) == (6 + 6 + 11, 11, 4)
    assert findings.size == len(GOOD) * 2 + len('{"prompt": "ä", "completion": "1234567890"}\n'.encode())


def test_all_lines_are_counted_and_the_first_of_each_reason_are_listed() -> None:
    findings = check_lines([EMPTY, BROKEN] * 50, Format.PROMPT_COMPLETION, most_listed=2)
    assert findings.counts == {Reason.EMPTY_TEXT: 50, Reason.NOT_JSON: 50}
    assert [(finding.line, finding.reason) for finding in findings.listed] == [
        (1, Reason.EMPTY_TEXT),
        (2, Reason.NOT_JSON),
        (3, Reason.EMPTY_TEXT),
        (4, Reason.NOT_JSON),
    ]


def test_what_is_kept_does_not_grow_with_the_number_of_lines() -> None:
    def lines() -> Iterator[bytes]:
        for number in range(20_000):
            yield b"{%d\n" % number

    findings = check_lines(lines(), Format.PROMPT_COMPLETION)
    assert findings.counts.total() == 20_000
    assert len(findings.listed) == 20


@given(st.lists(st.sampled_from([GOOD, EMPTY, BROKEN]), max_size=12), st.integers(0, 12))
def test_two_files_together_are_judged_as_the_one_that_they_make(lines: list[bytes], cut: int) -> None:
    form = Format.PROMPT_COMPLETION
    whole = check_lines(lines, form, most_listed=2)
    joined = Findings(form, most_listed=2)
    joined.add(check_lines(lines[:cut], form, most_listed=2))
    joined.add(check_lines(lines[cut:], form, most_listed=2))
    assert joined.counts == whole.counts
    assert len(joined.listed) == len(whole.listed)
    for name in ("lines", "accepted", "characters", "longest", "size", "refused"):
        assert getattr(joined, name) == getattr(whole, name)


def test_a_verdict_has_what_a_manifest_needs() -> None:
    training = check_lines([GOOD] * 99 + [EMPTY], Format.PROMPT_COMPLETION, LLAMA)
    validation = check_lines([GOOD], Format.PROMPT_COMPLETION, LLAMA)
    judged = verdict(training, validation)
    assert (judged["format"], judged["model"], judged["accepted"]) == (
        "prompt-completion",
        LLAMA,
        False,
    )
    assert judged["whole"] == []
    assert (judged["training"]["records"], judged["training"]["accepted"]) == (100, 99)
    assert judged["training"]["reasons"] == {"empty_text": 1}
    assert judged["training"]["examples"] == [
        {
            "line": 100,
            "reason": "empty_text",
            "detail": "prompt is blank",
            "remedy": "Delete the record, or give it the text that is missing.",
        }
    ]
    assert judged["validation"]["records"] == 1
    assert json.loads(json.dumps(judged)) == judged


def test_examples_of_several_files_name_their_file() -> None:
    joined = Findings(Format.PROMPT_COMPLETION)
    for part in ("train/part-00000.jsonl", "train/part-00001.jsonl"):
        joined.add(check_lines([GOOD, BROKEN], Format.PROMPT_COMPLETION, file=part))
    places = [(example["file"], example["line"]) for example in verdict(joined)["training"]["examples"]]
    assert places == [("train/part-00000.jsonl", 2), ("train/part-00001.jsonl", 2)]


def test_a_line_is_judged_as_it_is_written_and_what_was_found_travels_between_processes() -> None:
    checker = Checker(Format.PROMPT_COMPLETION, LLAMA, "part")
    for line in (GOOD, EMPTY):
        checker.judge(line)
    expected = check_lines([GOOD, EMPTY], Format.PROMPT_COMPLETION, LLAMA, "part")
    assert checker.findings == expected
    assert pickle.loads(pickle.dumps(checker.findings)) == expected


def test_a_set_is_accepted_when_neither_a_line_nor_the_whole_is_refused() -> None:
    lines = check_lines([GOOD] * 100, Format.PROMPT_COMPLETION, LLAMA)
    assert verdict(lines)["accepted"] is True
    few = check_lines([GOOD] * 99, Format.PROMPT_COMPLETION, LLAMA)
    assert verdict(few)["accepted"] is False
    assert [found["reason"] for found in verdict(few)["whole"]] == ["too_few_records"]
    warned = check_lines([b'{"prompt": "a", "completion": "b", "id": 1}'] * 100, Format.PROMPT_COMPLETION, LLAMA)
    assert verdict(warned)["accepted"] is True
    assert verdict(lines, warned)["accepted"] is True
    assert verdict(lines, check_lines([EMPTY], Format.PROMPT_COMPLETION, LLAMA))["accepted"] is False


@pytest.mark.parametrize("excess", range(5))
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_that_is_too_long_is_read_in_blocks_and_its_neighbours_as_they_are(
    monkeypatch: pytest.MonkeyPatch, excess: int, end: bytes
) -> None:
    monkeypatch.setattr(json_lines, "MAX_LINE_BYTES", 20)
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 2)
    line = b'{"input": "' + b"a" * (7 + excess) + b'"}'
    content = b"{}\n" + line + end
    lines = list(read_lines(io.BytesIO(content + b"[]\n" if end else content)))
    assert lines[0] == b"{}\n"
    assert len(lines) == (3 if end else 2)
    assert len(lines[1]) <= 22
    findings = check_lines(lines[1:2], Format.PRE_TRAINING)
    assert findings.counts == ({Reason.OVERSIZED_LINE: 1} if excess else {})
