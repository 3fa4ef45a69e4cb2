"""What `fourfold check-data` prints on a terminal: a table, a row for each mistake."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import cli.check_data
from pipelines.formats.bedrock import conversation_line
from pipelines.formats.chat import chat_line
from pipelines.formats.reasons import Reason
from tests.unit.formats.checking import RECORD, file_of


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
    path = file_of(tmp_path, *[good] * 10, *["{}"] * 60, "[]", "{}")
    output = on_a_terminal(path, 3)
    rows = [line for line in output.splitlines() if "refused" in line]
    assert len(rows) == 2
    assert f"{path}: lines 11–13 … and 58 more" in rows[0]
    assert f"{path}: line 71 " in rows[1]


def test_on_a_terminal_lines_in_a_row_are_told_by_their_ends(tmp_path: Path) -> None:
    good = chat_line(RECORD)
    output = on_a_terminal(file_of(tmp_path, "{}", "{}", good, "{}", good, *["{}"] * 4))
    assert "lines 1, 2, 4, 6–9 " in output


def test_on_a_terminal_a_file_of_another_encoding_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(chat_line(RECORD).replace("answer", "réponse").encode("latin-1") + b"\n")
    output = on_a_terminal(path)
    [row] = [line for line in output.splitlines() if "not_utf8" in line]
    assert f"{path}: line 1 " in row
    assert "1 of 1 line, the first here" in row


@pytest.mark.parametrize("width", [80, 100])
def test_on_a_narrow_terminal_no_word_is_cut_and_sentences_end_their_lines_between_words(
    tmp_path: Path, width: int
) -> None:
    line = conversation_line(RECORD)
    (tmp_path / "notes.md").touch()
    file_of(tmp_path, line, "{", name="train.jsonl")
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=width, color_system=None)
    cli.check_data.check_data([tmp_path], None, "auto", "", None, console)
    assert "…" not in output.getvalue()
    assert all(len(line) <= width for line in output.getvalue().splitlines())
    assert "llama-3-3-70b-instruct" in output.getvalue()


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


def test_on_a_terminal_details_that_differ_have_their_lines_and_one_of_all_has_none(tmp_path: Path) -> None:
    def of(role: str) -> str:
        return json.dumps({"record_id": "1", "messages": [{"role": role, "content": "a"}]})

    path = file_of(tmp_path, of("bot"), of("robot"), of("bot"))
    [row] = [line for line in on_a_terminal(path).splitlines() if "unknown_role" in line]
    assert "lines 1, 3: messages[0].role is 'bot'" in row
    assert "; line 2: messages[0].role is 'robot'" in row
    [row] = [line for line in on_a_terminal(file_of(tmp_path, "{}", "{}")).splitlines() if "missing_key" in line]
    assert "│ no record_id" in row
