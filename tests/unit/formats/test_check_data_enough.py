"""`fourfold check-data` on numbers: whether enough records are left for a model or a split, without the refused."""

from pathlib import Path

import pytest

from pipelines.formats.bedrock import conversation_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from tests.unit.formats.checking import RECORD, file_of, invoke

WARNED = "all\twarning\tmaybe_too_few\t"


def test_a_model_s_minimum_that_is_reached_with_the_refused_records_alone_is_warned_of(tmp_path: Path) -> None:
    path = file_of(tmp_path, *[prompt_completion_line(RECORD)] * 99, "{")
    code, output, _ = invoke(path, "--model", "llama-3-1-8b-instruct")
    assert code == 1
    told = "99 of 100 for training and validation are left without what is refused; at least 100 are needed"
    assert f"{WARNED}{told}\t" in output
    assert "too_few_records" not in output


def test_a_model_s_minimum_that_is_reached_without_them_is_not(tmp_path: Path) -> None:
    path = file_of(tmp_path, *[prompt_completion_line(RECORD)] * 100, "{")
    assert "too_few" not in invoke(path, "--model", "llama-3-1-8b-instruct")[1]


@pytest.mark.parametrize(
    ("least", "model", "line"),
    [
        (8, "nova-micro", conversation_line(RECORD)),
        (100, "llama-3-1-8b-instruct", prompt_completion_line(RECORD)),
    ],
)
def test_without_a_model_the_one_that_asks_for_fewest_is_named_if_even_that_has_too_few(
    tmp_path: Path, least: int, model: str, line: str
) -> None:
    code, output, _ = invoke(file_of(tmp_path, line, count=least - 1))
    assert code == 0
    assert f"{WARNED}{least - 1} records are left; {model}, which asks for fewest, needs {least}\t" in output
    code, output, _ = invoke(file_of(tmp_path, line, count=least))
    assert code == 0
    assert "too_few" not in output


def test_chat_of_which_a_tenth_is_no_record_cannot_be_split(tmp_path: Path) -> None:
    line = chat_line(RECORD)
    told = "10% of them held out for validation, as the preparation does, would be none"
    _, output, _ = invoke(file_of(tmp_path, *[line] * 9, "{"))
    assert f"{WARNED}9 records are left without what is refused; {told}\t" in output
    assert "1 record is left; " in invoke(file_of(tmp_path, line))[1]
    assert "too_few" not in invoke(file_of(tmp_path, line, count=10))[1]


def test_chat_that_has_validation_data_need_not_be_split(tmp_path: Path) -> None:
    line = chat_line(RECORD)
    validation = file_of(tmp_path, line, name="validation.jsonl")
    assert "too_few" not in invoke(file_of(tmp_path, line), "--validation", validation)[1]


def test_where_every_record_is_refused_the_totals_say_so_and_nothing_is_added(tmp_path: Path) -> None:
    _, output, _ = invoke(file_of(tmp_path, "{}", count=9), "--format", "chat")
    assert "Of the records, 0 would be accepted." in output
    assert "too_few" not in output
