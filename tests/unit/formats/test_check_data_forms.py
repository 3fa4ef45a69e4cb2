"""`fourfold check-data` on forms: who is trained on each, and what to write where nobody is."""

from pathlib import Path

import pytest

from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from pipelines.formats.check import check_lines
from pipelines.formats.detect import detect
from pipelines.formats.examples import EXAMPLES
from pipelines.formats.records import Format
from tests.unit.formats.checking import RECORD, file_of, invoke

TAKEN = (Format.CHAT, Format.PROMPT_COMPLETION, Format.CONVERSATION)


def test_there_is_an_example_of_every_form_and_it_is_accepted_and_told_from_the_others() -> None:
    assert list(EXAMPLES) == list(Format)
    for form, line in EXAMPLES.items():
        assert check_lines([line], form).listed == []
        assert detect(line.encode()) is form


@pytest.mark.parametrize("line", [messages_line(RECORD), pre_training_line(RECORD)])
def test_a_form_that_no_model_is_trained_on_is_refused_with_those_to_write_instead(tmp_path: Path, line: str) -> None:
    path = file_of(tmp_path, line, count=100)
    code, output, _ = invoke(path)
    form = detect(line.encode())
    assert code == 1
    assert f"all\trefused\twrong_format\tno model of the catalogue is trained on {form}" in output
    assert "The service would refuse this data." in output
    assert all(f"    {EXAMPLES[one]}\n" in output for one in TAKEN)
    assert "  conversation: nova-micro, nova-lite, nova-pro, nova-2-lite, llama-3-3-70b-instruct\n" in output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (prompt_completion_line(RECORD), "these take it: llama-3-1-8b-instruct, llama-3-1-70b-instruct."),
        (conversation_line(RECORD), "these take it: nova-micro, nova-lite, nova-pro, nova-2-lite, llama-3-3-70b-"),
        (chat_line(RECORD), "Only the SageMaker training of this workflow reads it; Bedrock trains no model on it."),
    ],
)
def test_where_no_model_is_named_it_is_said_which_take_the_form(tmp_path: Path, line: str, words: str) -> None:
    code, output, _ = invoke(file_of(tmp_path, line, count=100))
    assert code == 0
    assert words in output.splitlines()[0]
    assert "a line of each" not in output


def test_a_model_that_this_workflow_trains_on_sagemaker_refuses_another_form_than_chat(tmp_path: Path) -> None:
    path = file_of(tmp_path, messages_line(RECORD), count=100)
    code, output, _ = invoke(path, "--model", "smollm2-135m-instruct")
    assert code == 1
    assert "\twrong_format\tthis workflow trains Hugging Face SmolLM2 135M Instruct on chat, and this is m" in output


def test_a_file_of_no_form_hears_of_all_forms_with_a_line_of_each(tmp_path: Path) -> None:
    path = file_of(tmp_path, '{"question": "a", "answer": "b"}')
    code, output, error = invoke(path)
    assert (code, output) == (1, "")
    assert error.startswith(f'The first record of {path} has "question", "answer": the form of no training data.')
    for form, line in EXAMPLES.items():
        assert f"  {form}: " in error
        assert f"    {line}\n" in error
    assert "--format" not in error


def test_a_file_whose_first_record_cannot_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    code, _, error = invoke(file_of(tmp_path, "[", '  {"prompt": "a", "completion": "b"}', "]"))
    assert code == 1
    assert "cannot be read: Expecting value at character " in error
    assert "Write each record as one JSON object on one line" in error
    assert EXAMPLES[Format.PROMPT_COMPLETION] in error


def test_a_file_in_utf_16_is_told_what_it_is_and_nothing_of_forms(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes('{"prompt": "a", "completion": "b"}\n'.encode("utf-16"))
    code, _, error = invoke(path)
    assert code == 1
    assert "most likely UTF-16 or UTF-32. Save the file as UTF-8" in error
    assert EXAMPLES[Format.CHAT] not in error
