"""One's own data may be several files and folders, which are looked at together and lie under names of their own."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import Columns
from pipelines.preparation import schema
from pipelines.preparation.parsing import parse
from pipelines.preparation.records import Line, Rejected
from pipelines.preparation.settings import Columns as JobColumns
from twin.run import staging
from twin.run.board import Progress
from twin.run.columns import KNOWN
from twin.run.data_files import find_data_files
from twin.run.data_set import Found, fault_of, look_into

COLUMNS = Columns(text="body", target="headline")
GOOD = b'{"body": "a text", "headline": "its headline"}\n'
LIMIT = 1_000_000


def write(folder: Path, **contents: bytes) -> list[Path]:
    """Write files whose names have `__` for a slash and `_` for a dot."""
    paths = []
    for name, content in contents.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def looked_into(*paths: Path, columns: Columns | None = COLUMNS, enough: int = 1) -> Found:
    return look_into(find_data_files("--data", paths).files, columns, LIMIT, enough)


def problem(*paths: Path, columns: Columns | None = COLUMNS) -> str:
    [found] = looked_into(*paths, columns=columns).problems
    return found


def test_a_folder_gives_the_files_that_are_read_by_their_way_from_there(tmp_path: Path) -> None:
    write(tmp_path, b_jsonl=GOOD, deep__er__a_csv=b"", notes_md=b"", deep__b_jsonl=GOOD)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.jsonl").write_bytes(GOOD)

    found = find_data_files("--data", [tmp_path])

    assert [file.name for file in found.files] == ["b.jsonl", "deep/b.jsonl", "deep/er/a.csv"]
    assert not found.problems
    assert found.notice() == (
        f"Not read by the preparation, and left out: {tmp_path}/.git/x.jsonl, {tmp_path}/notes.md."
    )


def test_a_link_to_a_folder_is_left_out_by_name(tmp_path: Path) -> None:
    write(tmp_path, given__a_jsonl=GOOD, elsewhere__b_jsonl=GOOD)
    (tmp_path / "given" / "more").symlink_to(tmp_path / "elsewhere")

    found = find_data_files("--data", [tmp_path / "given"])

    assert [file.name for file in found.files] == ["a.jsonl"]
    assert found.notice() == f"Not read by the preparation, and left out: {tmp_path}/given/more."


def test_files_and_folders_go_together_in_the_order_of_their_keys(tmp_path: Path) -> None:
    one, _ = write(tmp_path, one__z_jsonl=GOOD, two__a_jsonl=GOOD)
    assert [file.name for file in find_data_files("--data", [one, tmp_path / "two"]).files] == ["a.jsonl", "z.jsonl"]


def test_two_files_of_one_name_are_refused_with_both(tmp_path: Path) -> None:
    one, two = write(tmp_path, one__a_jsonl=GOOD, two__a_jsonl=GOOD)

    [found] = find_data_files("--data", [one, two]).problems
    assert f"{one} and {two} would both be a.jsonl" in found
    [found] = find_data_files("--data", [one, one]).problems
    assert "more than once" in found
    assert not find_data_files("--data", [tmp_path]).problems


def test_what_is_not_there_or_holds_nothing_to_read_is_refused_beside_the_others(tmp_path: Path) -> None:
    write(tmp_path, empty__notes_md=b"")
    missing, folder, other = find_data_files(
        "--data", [tmp_path / "no.jsonl", tmp_path / "empty", tmp_path / "empty" / "notes.md"]
    ).problems
    assert "There is no file" in missing
    assert "holds no file" in folder
    assert "Convert the file" in other


def test_every_file_is_uploaded_under_the_data_set_s_prefix(tmp_path: Path) -> None:
    write(tmp_path, b_jsonl=GOOD, deep__b_jsonl=GOOD)
    sent: list[tuple[str, ...]] = []
    shown: list[Progress] = []
    client = SimpleNamespace(upload_file=lambda *names: sent.append(names))
    emulator: Any = SimpleNamespace(client=lambda _service: client)

    keys = staging.upload_data(emulator, "raw", "mine", find_data_files("--data", [tmp_path]).files, shown.append)

    assert keys == ["mine/b.jsonl", "mine/deep/b.jsonl"]
    assert sent == [
        (str(tmp_path / "b.jsonl"), "raw", "mine/b.jsonl"),
        (str(tmp_path / "deep" / "b.jsonl"), "raw", "mine/deep/b.jsonl"),
    ]
    assert len(shown) == 2


def test_records_of_all_files_count_together_and_an_empty_file_beside_them_is_none(tmp_path: Path) -> None:
    paths = write(tmp_path, a_jsonl=GOOD * 3, b_csv=b"headline,body\n" + b"a,b\n" * 4, c_jsonl=b"")
    found = looked_into(*paths, enough=1000)
    assert (found.usable, found.problems) == (7, ())


def test_one_file_of_several_without_a_usable_record_is_named(tmp_path: Path) -> None:
    good, bad = write(tmp_path, a_jsonl=GOOD * 3, b_jsonl=b'{"text": "a"}\n')
    assert problem(good, bad).startswith(f"{bad} has no record with both the columns")


def test_files_that_are_all_empty_are_each_named(tmp_path: Path) -> None:
    paths = write(tmp_path, a_jsonl=b"", b_csv=b"body,headline\n")
    assert [text.partition(" is empty")[0] for text in looked_into(*paths).problems] == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"body": "a", "headline": ["b"]}, "2 × column 'headline' is array, not a string"),
        ({"body": 1, "headline": "b"}, "2 × column 'body' is number, not a string"),
        ({"body": "a", "headline": None}, "2 × column 'headline' is null, not a string"),
        ({"body": "a", "headline": " "}, "2 × column 'headline' is blank"),
    ],
)
def test_records_that_the_preparation_would_all_reject_are_refused_with_the_reasons(
    tmp_path: Path, record: dict[str, Any], words: str
) -> None:
    line = json.dumps(record).encode() + b"\n"
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([record] * 2), table)
    for path in write(tmp_path, a_jsonl=line * 2, b_parquet=table.getvalue()):
        assert f"{path} has no record that can be used: {words}." in problem(path)


def test_a_conversation_that_is_no_list_is_refused(tmp_path: Path) -> None:
    [path] = write(tmp_path, a_jsonl=b'{"messages": "Hello"}\n')
    assert "column 'messages' is string, not an array of turns" in problem(path, columns=None)


VALUES = st.none() | st.booleans() | st.integers() | st.text(" a", max_size=2) | st.lists(st.just("a"), max_size=1)


@given(st.dictionaries(st.sampled_from(["body", "headline"]), VALUES))
def test_no_record_is_counted_out_that_the_preparation_would_take(record: dict[str, Any]) -> None:
    content = json.dumps(record).encode()
    if len(record) < 2:
        return
    try:
        parse(Line("k", 1, content, len(content)), JobColumns(text="body", target="headline"), LIMIT)
        reason = None
    except Rejected as error:
        reason = error.detail
    assert fault_of(record, COLUMNS) == reason


def test_the_known_columns_are_those_of_the_preparation() -> None:
    def bare(columns: Any) -> tuple[str | None, ...]:
        return columns.text or None, columns.target or None, columns.messages or None

    assert [bare(columns) for columns in KNOWN] == [bare(columns) for columns in schema.KNOWN]


def test_without_columns_in_the_settings_the_first_file_by_its_key_tells_them(tmp_path: Path) -> None:
    second, first = write(
        tmp_path, b_jsonl=b'{"prompt": "a", "completion": "b"}\n', a_jsonl=b'{"question": "a", "answer": "b"}\n'
    )
    found = looked_into(second, first, columns=None)
    assert found.columns == Columns(text="question", target="answer")
    assert found.problems[0].startswith(f"{second} has no record with both the columns 'question' and 'answer'")


def test_columns_that_nobody_can_tell_are_refused_with_their_names(tmp_path: Path) -> None:
    [path] = write(tmp_path, a_jsonl=b'{"headline": "b", "body": "a"}\n')
    assert f"{path} has the columns 'headline', 'body'; which is the text" in problem(path, columns=None)


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_columns_of_a_csv_are_named_once_and_in_the_order_of_the_file(tmp_path: Path, delimiter: str) -> None:
    header = delimiter.join(["headline", "module", '"the, body"']).encode()
    [path] = write(tmp_path, a_csv=header + b"\n1\n")
    assert "it has 'headline', 'module', 'the, body'." in problem(path)


@pytest.mark.parametrize("name", ["a_jsonl", "a_csv"])
@pytest.mark.parametrize(
    ("encoding", "words"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-32", "UTF-32"), ("utf-32-be", "UTF-32")],
)
def test_a_file_of_wide_characters_is_named_as_such(tmp_path: Path, name: str, encoding: str, words: str) -> None:
    [path] = write(tmp_path, **{name: (GOOD * 3).decode().encode(encoding)})
    found = problem(path)
    assert words in found
    assert "Save it as UTF-8" in found


def test_a_header_in_another_encoding_is_named_as_such(tmp_path: Path) -> None:
    [path] = write(tmp_path, a_csv="größe,body\n1,2\n".encode("latin-1"))
    assert "its header is not UTF-8, at byte 2. Save it as UTF-8" in problem(path)
