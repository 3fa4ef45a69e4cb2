"""`fourfold check-data` on files that are no UTF-8: one line, the form all the same; and on numbers of one."""

import json
from pathlib import Path

from pipelines.formats.chat import chat_line
from tests.unit.formats.checking import RECORD, file_of, invoke


def latin_1(folder: Path, lines: int, others: int = 1) -> Path:
    line = json.dumps({"prompt": "é", "completion": "à"}, ensure_ascii=False)
    path = folder / "train.jsonl"
    plain = b'{"prompt": "a", "completion": "b"}\n'
    path.write_bytes(f"{line}\n".encode("latin-1") * lines + plain * others)
    return path


def test_a_file_in_latin_1_is_one_line_with_how_many_the_first_place_and_the_remedy(tmp_path: Path) -> None:
    path = latin_1(tmp_path, 30)
    code, output, _ = invoke(path)
    [line] = [line for line in output.splitlines() if "not_utf8" in line]
    place, kind, _, detail, remedy = line.split("\t")
    assert code == 1
    assert (place, kind) == (f"{path}:1", "refused")
    assert detail == "30 of 31 lines, the first here: invalid continuation byte at byte 12"
    assert "iconv -f WINDOWS-1252 -t UTF-8" in remedy


def test_many_lines_of_another_encoding_need_no_other_line_that_counts_them(tmp_path: Path) -> None:
    _, output, _ = invoke(latin_1(tmp_path, 30), "--show", 2)
    assert output.count("not_utf8") == 1


def test_the_form_of_a_file_in_latin_1_is_told_by_its_keys(tmp_path: Path) -> None:
    assert invoke(latin_1(tmp_path, 1))[1].startswith("Format: prompt-completion (by the first record of ")


def test_a_file_in_latin_1_is_no_raw_data(tmp_path: Path) -> None:
    _, output, _ = invoke(latin_1(tmp_path, 3, others=0))
    assert "Of the records, 0 would be accepted." in output
    assert "fourfold run" not in output


def test_one_of_a_thing_is_told_as_one(tmp_path: Path) -> None:
    _, output, _ = invoke(file_of(tmp_path, '{"prompt": "a", "completion": "b"}'))
    assert "Training: 1 record, 35 bytes, 2 characters, about 1 token. " in output
    _, output, _ = invoke(file_of(tmp_path, chat_line(RECORD), "{}", "{}"), "--show", 1)
    assert "1 more line with missing_key" in output
