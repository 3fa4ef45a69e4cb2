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
        [f"{path}:2", "refused", "not_json"],
        [f"{path}:3", "warning", "schema_version"],
        [f"{path}:3", "refused", "empty_text"],
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
    code, output, _ = invoke(training, "--model", "llama-3-1-8b-instruct")
    assert code == 1
    assert "all\trefused\ttoo_few_records\t99 for training and validation; at least 100 are needed" in output
    code, output, _ = invoke(training, "--model", "llama-3-1-8b-instruct", "--validation", validation)
    assert code == 0
    assert "Limits: Meta Llama 3.1 8B Instruct, fine-tuning on Bedrock." in output
    assert "Validation: 1 record," in output


def test_several_files_are_one_set_and_lines_are_numbered_in_their_own(tmp_path: Path) -> None:
    line = conversation_line(RECORD)
    first, second = file_of(tmp_path, line, count=5), file_of(tmp_path, *[line] * 3, "[]", name="more.jsonl")
    code, output, _ = invoke(first, second, "--model", "nova-lite")
    assert code == 1
    assert "Training: 9 records" in output
    assert f"{second}:4\trefused\tnot_an_object" in output
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
        (["{folder}/train.jsonl", "--format", "convrsation"], "Did you mean `conversation`?"),
        (["{folder}/train.jsonl", "--model", "nova-mirco"], "Did you mean `nova-micro`"),
        (["{folder}/train.jsonl", "--model", "Nova Micro"], "Did you mean `nova-micro`"),
        (
            ["{folder}/train.jsonl", "--model", "llama-3.1"],
            "Did you mean `llama-3-1-8b-instruct` or `llama-3-1-70b-instruct`?",
        ),
        (["{folder}/train.jsonl", "--model", "xyzzy"], "`fourfold models --customizable fine-tuning` lists"),
        (["{folder}/train.jsonl", "--model", "claude-haiku-4-5"], "is not known to be fine-tuned, on Bedrock or on"),
        (["{folder}/train.jsonl", "--model", "qwen3-32b"], "by reinforcement-fine-tuning alone"),
        (["{folder}/train.jsonl", "--model", "titan-embed-image-v1"], "on other data than text alone"),
        (["{folder}/empty"], "is a folder, and has no .jsonl or .jsonl.gz file. Give such files"),
        (["{folder}/train.jsonl", "--show", "0"], "--show"),
        ([], "FILE"),
    ],
)
def test_what_makes_no_sense_leaves_with_2_and_says_what_does(tmp_path: Path, arguments: list[str], words: str) -> None:
    for name in ("train.jsonl", "train.json"):
        file_of(tmp_path, chat_line(RECORD), name=name)
    (tmp_path / "empty").mkdir()
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
    output = on_a_terminal(file_of(tmp_path, chat_line(RECORD), "{}", "{}"))
    assert "what to do" in output
    assert output.count("no record_id") == 1
    assert output.count(Reason.MISSING_KEY.remedy) == 1
    assert "\t" not in output


def on_a_terminal(path: Path, most_listed: int = 20) -> str:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=400, color_system=None)
    cli.check_data.check_data([path], None, "chat", "", most_listed, console)
    return output.getvalue()


def test_on_a_terminal_a_mistake_that_is_made_again_is_one_row_with_its_lines(tmp_path: Path) -> None:
    good = chat_line(RECORD)
    path = file_of(tmp_path, good, *["{}"] * 60, "[]", "{}")
    output = on_a_terminal(path, 3)
    rows = [line for line in output.splitlines() if "refused" in line]
    assert len(rows) == 2
    assert f"{path}: lines 2, 3, 4 … and 58 more" in rows[0]
    assert f"{path}: line 62 " in rows[1]


def test_on_a_terminal_rows_go_by_their_first_line_and_say_what_warns(tmp_path: Path) -> None:
    path = file_of(tmp_path, "[]", '{"prompt": "a", "completion": "b", "id": 1}', "{", "[]")
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=400, color_system=None)
    cli.check_data.check_data([path], None, "prompt-completion", "", 20, console)
    rows = [line.split("│") for line in output.getvalue().splitlines() if f"{path}" in line and "│" in line]
    assert [(row[1].strip(), row[2].strip()) for row in rows] == [
        (f"{path}: lines 1, 4", "refused"),
        (f"{path}: line 2", "warning"),
        (f"{path}: line 3", "refused"),
    ]


def test_on_a_terminal_details_that_differ_are_told_up_to_three(tmp_path: Path) -> None:
    lines = [json.dumps({"record_id": "1", "messages": [{"role": f"r{n}", "content": "a"}]}) for n in range(9)]
    [row] = [line for line in on_a_terminal(file_of(tmp_path, *lines)).splitlines() if "unknown_role" in line]
    assert row.count("messages[0].role is") == 3
    assert "and 6 others like it" in row


def test_in_a_pipe_every_line_is_a_finding_of_its_own_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "[]", *["{}"] * 60, "[]")
    _, output, _ = invoke(path, "--format", "chat")
    places = [line.split("\t")[0] for line in output.splitlines() if "\t" in line]
    assert places == [f"{path}:{number}" for number in range(1, 63)]


def test_a_folder_is_its_files_and_some_of_them_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "train" / "deep").mkdir(parents=True)
    (tmp_path / "held-out").mkdir()
    file_of(tmp_path / "train", name="part-0.jsonl")
    file_of(tmp_path / "train", chat_line(RECORD), name="part-1.jsonl.gz")
    file_of(tmp_path / "train" / "deep", chat_line(RECORD), "{", name="part-2.jsonl")
    file_of(tmp_path / "train", "a note", name="README.md")
    file_of(tmp_path / "train", "a checksum", name=".part-0.jsonl")
    file_of(tmp_path / "held-out", chat_line(RECORD), name="validation.jsonl")
    code, output, _ = invoke(tmp_path / "train", "--validation", tmp_path / "held-out")
    assert code == 1
    assert "Training: 3 records," in output
    assert "Validation: 1 record," in output
    assert f"{tmp_path / 'train' / 'deep' / 'part-2.jsonl'}:2\trefused\tnot_json" in output


def test_a_model_that_sagemaker_alone_trains_is_taken_and_no_limits_are_made_up(tmp_path: Path) -> None:
    code, output, _ = invoke(file_of(tmp_path, chat_line(RECORD)), "--model", "smollm2-135m-instruct")
    assert code == 0
    assert "No source names limits of SageMaker's fine-tuning of Hugging Face SmolLM2 135M Instruct" in output
    code, output, _ = invoke(file_of(tmp_path, '{"question": "a"}'), "--model", "smollm2-135m-instruct")
    assert code == 1
    assert output.startswith("Format: chat (what Hugging Face SmolLM2 135M Instruct takes;")


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
