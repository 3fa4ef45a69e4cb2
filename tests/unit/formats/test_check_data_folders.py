"""`fourfold check-data` on folders: their files are one set, each of them once, and splits are not mixed."""

from pathlib import Path

import pytest

from pipelines.formats.bedrock import conversation_line
from pipelines.formats.chat import chat_line
from tests.unit.formats.checking import RECORD, file_of, invoke


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


def test_what_is_not_read_of_a_folder_is_named_with_the_reason_the_first_of_many(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    file_of(tmp_path, conversation_line(RECORD), count=9)
    file_of(tmp_path, "{}", name=".draft.jsonl")
    for number in range(7):
        (tmp_path / "deep" / f"{number}.csv").touch()
    code, output, _ = invoke(tmp_path)
    assert code == 0
    assert f"Not read in {tmp_path}, as their names begin with a dot: .draft.jsonl.\n" in output
    names = ", ".join(f"deep/{number}.csv" for number in range(5))
    assert f"Not read in {tmp_path}, as only .jsonl and .jsonl.gz are: {names} and 2 more.\n" in output


def test_a_folder_of_which_everything_is_read_says_nothing_of_it(tmp_path: Path) -> None:
    file_of(tmp_path, conversation_line(RECORD))
    assert "Not read" not in invoke(tmp_path)[1]


def test_a_folder_without_training_files_says_what_it_has_instead(tmp_path: Path) -> None:
    (tmp_path / "train.csv").touch()
    code, output, error = invoke(tmp_path)
    assert (code, output) == (2, "")
    assert f"Not read in {tmp_path}, as only .jsonl and .jsonl.gz are: train.csv." in error


def test_a_file_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    path = file_of(folder, conversation_line(RECORD), count=6)
    link = tmp_path / "again.jsonl"
    link.symlink_to(path)
    code, output, _ = invoke(folder, path, link, "--model", "nova-lite")
    assert code == 1
    assert "Training: 6 records," in output
    assert "too_few_records" in output


def split_into(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        file_of(folder / name, conversation_line(RECORD), count=6)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["train", "validation"], "has train and validation: parts of a split, which are no one set."),
        (["train", "validation"], "`{folder}/train --validation {folder}/validation`."),
        (["train", "validation", "test"], "has train, validation and test:"),
        (["train", "validation", "test"], "`{folder}/train --validation {folder}/validation`."),
        (["train", "test"], "`{folder}/train`."),
        (["validation", "test"], "`{folder}/validation`."),
        (["test"], "{folder} has test: parts of a split"),
    ],
)
def test_a_folder_of_splits_is_refused_and_the_parts_are_named(tmp_path: Path, names: list[str], words: str) -> None:
    folder = tmp_path / "curated"
    split_into(folder, *names)
    for arguments in ([folder], [tmp_path], [file_of(tmp_path, chat_line(RECORD)), "--validation", folder]):
        code, output, error = invoke(*arguments, "--model", "nova-lite")
        assert code == 2
        assert words.format(folder=folder) in error
        assert output == ""


def test_a_part_of_a_split_is_checked_whatever_the_folders_above_it_are_called(tmp_path: Path) -> None:
    split_into(tmp_path / "test", "train", "validation")
    parts = tmp_path / "test" / "train", "--validation", tmp_path / "test" / "validation"
    code, output, _ = invoke(*parts, "--model", "nova-lite")
    assert code == 1
    assert "Training: 6 records," in output
    assert "Validation: 6 records," in output
