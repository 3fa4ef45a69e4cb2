"""`fourfold check-data`: what it prints, and what its exit code says."""

import gzip
import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import cli.check_data
from cli.main import app
from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Message, Record

RECORD = Record((Message("user", "a question"), Message("assistant", "an answer")), record_id="1")
PACKED = gzip.compress(b'{"input": "a"}\n')
WRITERS = {
    "chat": chat_line,
    "prompt-completion": prompt_completion_line,
    "conversation": conversation_line,
    "messages": messages_line,
    "pre-training": pre_training_line,
}


def invoke(*arguments: object) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it printed to both streams."""
    result = CliRunner().invoke(app, ["check-data", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def file_of(folder: Path, *lines: str, name: str = "train.jsonl", count: int = 1) -> Path:
    path = folder / name
    content = "".join(f"{line}\n" for line in lines * count).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("form", WRITERS)
def test_auto_goes_by_the_first_record_and_says_what_it_found(tmp_path: Path, form: str) -> None:
    path = file_of(tmp_path, WRITERS[form](RECORD))
    code, output, _ = invoke(path)
    assert code == 0
    assert output.startswith(f"Format: {form} (by the first record of {path}). No model is named")
    assert "Training: 1 record," in output
    assert "Nothing is known for which the service would refuse it." in output


def test_each_finding_is_a_line_with_place_reason_detail_and_remedy(tmp_path: Path) -> None:
    path = file_of(tmp_path, conversation_line(RECORD), "{", '{"messages": []}')
    code, output, _ = invoke(path)
    assert code == 1
    rows = [line.split("\t") for line in output.splitlines() if "\t" in line]
    assert [row[:3] for row in rows] == [
        [f"{path}:3", "refused", "empty_text"],
        [f"{path}:2", "refused", "not_json"],
        [f"{path}:3", "warning", "schema_version"],
    ]
    assert all(len(row) == 5 and row[3] and row[4].endswith(".") for row in rows)
    assert "The service would refuse this data." in output


def test_warnings_alone_leave_with_0(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, '{"prompt": "a", "completion": "b", "id": 1}'))
    assert code == 0
    assert "\twarning\tunknown_key\t" in output


def test_a_model_adds_its_limits_and_the_validation_counts_with_the_training(tmp_path: Path) -> None:
    line = prompt_completion_line(RECORD)
    training = file_of(tmp_path, line, count=99)
    validation = file_of(tmp_path, line, name="validation.jsonl")
    code, output, _ = invoke(training, "--model", "llama-3.1")
    assert code == 1
    assert "all\trefused\ttoo_few_records\t99 for training and validation; at least 100 are needed" in output
    code, output, _ = invoke(training, "--model", "llama-3.1", "--validation", validation)
    assert code == 0
    assert "Limits: Meta Llama 3.1 8B and 70B Instruct, fine-tuning." in output
    assert "Validation: 1 record," in output


def test_several_files_are_one_set_and_lines_are_numbered_in_their_own(tmp_path: Path) -> None:
    line = messages_line(RECORD)
    first, second = file_of(tmp_path, line, count=20), file_of(tmp_path, *[line] * 12, "[]", name="more.jsonl")
    code, output, _ = invoke(first, second, "--model", "claude-3-haiku")
    assert code == 1
    assert "Training: 33 records" in output
    assert f"{second}:13\trefused\tnot_an_object" in output
    assert "too_few_records" not in output


def test_a_wrong_line_in_the_validation_data_is_refused_as_well(tmp_path: Path) -> None:
    code, output, _ = invoke(
        file_of(tmp_path, chat_line(RECORD)), "--validation", file_of(tmp_path, "{}", name="held-out.jsonl")
    )
    assert code == 1
    assert "held-out.jsonl:1\trefused\tmissing_key" in output


def test_a_gzip_file_is_read_and_the_service_may_not_take_it(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD), name="train.jsonl.gz"))
    assert code == 0
    assert "Training: 1 record," in output
    assert "\twarning\tcompressed\t" in output


@pytest.mark.parametrize(
    "content", [b"no gzip", PACKED[:-6], PACKED[:10] + b"\xff" * 9], ids=["no gzip", "cut off", "damaged"]
)
def test_a_file_that_cannot_be_unpacked_is_one_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "train.jsonl.gz"
    path.write_bytes(content)
    code, _, error = invoke(path)
    assert code == 1
    assert "cannot be unpacked" in error


def test_a_model_that_takes_another_format_refuses_the_file(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD), count=10), "--model", "nova-lite")
    assert code == 1
    assert "all\trefused\twrong_format\tAmazon Nova Lite takes conversation, and this is chat" in output


def test_a_format_that_is_given_is_what_the_lines_are_judged_by(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD)), "--format", "messages")
    assert code == 1
    assert output.startswith("Format: messages (as you say).")
    assert "forbidden_key" in output


def test_all_are_counted_and_as_many_listed_as_asked_for(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD), *["{}"] * 9), "--show", 2)
    assert code == 1
    assert output.count("\tmissing_key\t") == 2
    assert "7 more lines with missing_key" in output


def test_a_first_record_of_no_known_form_is_judged_by_the_model_s_format_if_there_is_one(tmp_path: Path) -> None:
    path = file_of(tmp_path, '{"question": "a"}', count=8)
    code, _, error = invoke(path)
    assert code == 1
    assert "Say --format" in error
    code, output, _ = invoke(path, "--model", "nova-lite")
    assert code == 1
    assert output.startswith("Format: conversation (what Amazon Nova Lite takes;")
    assert f"{path}:1\trefused\tmissing_key" in output


def test_a_byte_order_mark_hides_no_format_and_is_refused(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, "\ufeff" + chat_line(RECORD)))
    assert code == 1
    assert output.startswith("Format: chat (by")
    assert "byte_order_mark" in output


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_one_message(tmp_path: Path, content: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(content)
    code, _, error = invoke(path)
    assert code == 1
    assert "holds no record" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.jsonl"], "There is no file missing.jsonl."),
        (["{folder}/train.json"], ".jsonl.gz files are read"),
        (["{folder}/train.jsonl", "--validation", "missing.jsonl"], "There is no file missing.jsonl."),
        (["{folder}/train.jsonl", "--format", "csv"], "auto, chat, prompt-completion"),
        (["{folder}/train.jsonl", "--model", "gpt-2"], "nova-micro"),
        (["{folder}/train.jsonl", "--show", "0"], "--show"),
        ([], "FILE"),
    ],
)
def test_what_makes_no_sense_leaves_with_2_and_says_what_does(tmp_path: Path, arguments: list[str], words: str) -> None:
    for name in ("train.jsonl", "train.json"):
        file_of(tmp_path, chat_line(RECORD), name=name)
    code, output, error = invoke(*[argument.format(folder=tmp_path) for argument in arguments])
    assert code == 2
    assert words in error
    assert output == ""


def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.check_data, "check_data", interrupt)
    code, _, error = invoke(file_of(tmp_path, json.dumps({})))
    assert code == 130
    assert error.startswith("Interrupted")


def test_on_a_terminal_the_findings_are_a_table_with_each_remedy_once(tmp_path: Path) -> None:
    path = file_of(tmp_path, chat_line(RECORD), "{}", "{}")
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=200)
    code = cli.check_data.check_data([path], None, "auto", "", 20, console)
    assert code == 1
    assert "what to do" in output.getvalue()
    assert output.getvalue().count("no record_id") == 2
    assert output.getvalue().count(Reason.MISSING_KEY.remedy) == 1
    assert "\t" not in output.getvalue()


def test_what_is_found_goes_where_the_console_writes(tmp_path: Path) -> None:
    output = io.StringIO()
    cli.check_data.check_data([file_of(tmp_path, "{}")], None, "chat", "", 20, Console(file=output))
    assert "\trefused\tmissing_key\t" in output.getvalue()


def test_raw_data_is_told_that_it_needs_no_such_check(tmp_path: Path) -> None:
    remedy = "needs no such check: `fourfold run --data FILE` looks at it first"
    raw = file_of(tmp_path, '{"body": "a", "headline": "b"}')

    for arguments in ([raw], [file_of(tmp_path, "a,b", name="raw.csv")]):
        code, _, error = invoke(*arguments)
        assert code
        assert remedy in error
    code, output, _ = invoke(raw, "--format", "chat")
    assert code == 1
    assert remedy in output


def test_training_data_of_which_some_is_right_hears_nothing_of_raw_data(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD), "{"))
    assert code == 1
    assert "fourfold run" not in output
