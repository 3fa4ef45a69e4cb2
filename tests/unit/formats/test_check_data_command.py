"""`fourfold check-data`: what it prints, and what its exit code says."""

import gzip
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import cli.check_data
from cdk_app.catalogue import ENTRIES
from pipelines.formats.bedrock import conversation_line, messages_line, pre_training_line, prompt_completion_line
from pipelines.formats.chat import chat_line
from tests.unit.formats.checking import RECORD, file_of, invoke

PACKED = gzip.compress(b'{"input": "a"}\n')
WRITERS = {
    "chat": chat_line,
    "prompt-completion": prompt_completion_line,
    "conversation": conversation_line,
    "messages": messages_line,
    "pre-training": pre_training_line,
}


@pytest.mark.parametrize("form", WRITERS)
def test_auto_goes_by_the_first_record_and_says_what_it_found(tmp_path: Path, form: str) -> None:
    path = file_of(tmp_path, WRITERS[form](RECORD))
    code, output, _ = invoke(path)
    trained_on = form in ("chat", "prompt-completion", "conversation")
    assert code == (0 if trained_on else 1)
    assert output.startswith(f"Format: {form} (by the first record of {path}). No model is named")
    assert "Training: 1 record," in output
    assert ("Nothing is known for which the service would refuse it." in output) is trained_on


def test_each_finding_is_a_line_with_place_reason_detail_and_remedy(tmp_path: Path) -> None:
    path = file_of(tmp_path, *[conversation_line(RECORD)] * 8, "{", '{"messages": []}')
    code, output, _ = invoke(path)
    assert code == 1
    rows = [line.split("\t") for line in output.splitlines() if "\t" in line]
    assert [row[:3] for row in rows] == [
        [f"{path}:9", "refused", "not_json"],
        [f"{path}:10", "warning", "schema_version"],
        [f"{path}:10", "refused", "empty_text"],
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
    assert invoke(path)[0] == 1
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
        (["{folder}/train.jsonl", "--model", "xyzzy"], "--model takes nova-micro, nova-lite,"),
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


@pytest.mark.parametrize("model", ["xyzzy", "titan-embed-image-v1", "claude-haiku-4-5"])
def test_a_model_that_is_refused_hears_of_all_that_are_taken(tmp_path: Path, model: str) -> None:
    path = file_of(tmp_path, chat_line(RECORD))
    _, _, error = invoke(path, "--model", model)
    named = error.split("--model takes ")[1].strip().removesuffix(".").split(", ")
    assert set(named) == {
        key
        for key, entry in ENTRIES.items()
        if "text" in entry.writes and any(one.method == "fine-tuning" for one in entry.customizations)
    }
    assert [code for code, _, _ in (invoke(path, "--model", name) for name in named) if code == 2] == []


def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.check_data, "check_data", interrupt)
    code, _, error = invoke(file_of(tmp_path, json.dumps({})))
    assert code == 130
    assert error.startswith("Interrupted")


def test_in_a_pipe_every_line_is_a_finding_of_its_own_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "[]", *["{}"] * 60, "[]")
    _, output, _ = invoke(path, "--format", "chat")
    places = [line.split("\t")[0] for line in output.splitlines() if "\t" in line]
    assert places == [f"{path}:{number}" for number in range(1, 63)]


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
