"""How YAML is read: types as in YAML 1.2, lines kept, broken files described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdk_app.settings.document import Document, dotted, read_document
from cdk_app.settings.problems import SettingsError

# YAML breaks lines at U+2028 and U+2029 too, where JSON does not: the one difference that is left.
LETTERS = st.characters(
    min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cc"], exclude_characters="\u2028\u2029"
)
WORDS = st.text(LETTERS, max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)


def read(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "workflow.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, text)
    return str(refused.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.dictionaries(WORDS, TREES, max_size=4))
def test_what_json_says_is_read_as_it_is(tmp_path: Path, tree: dict[str, object]) -> None:
    text = json.dumps(tree, ensure_ascii=False, indent=1)
    assert read(tmp_path, text).root.plain() == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-4", 0.0005),
        ("1.", 1.0),
        (".5", 0.5),
        ("-3", -3),
        ("010", 10),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("2026-11-21", "2026-11-21"),
        ("no", "no"),
        ("On", "On"),
        ("True", True),
        ("~", None),
        ("", None),
        (".inf", ".inf"),
        ("'5'", "5"),
    ],
)
def test_plain_values_follow_yaml_1_2(tmp_path: Path, text: str, value: object) -> None:
    found = read(tmp_path, f"key: {text}").root.plain()["key"]
    assert found == value
    assert type(found) is type(value)


def test_every_entry_knows_its_line_and_its_path(tmp_path: Path) -> None:
    root = read(tmp_path, "a:\n  b:\n    - x\n    - c: 1\n# comment\nd: 2\n").root
    *_, deepest = root.descend(("a", "b", 1, "c"))
    assert (deepest.line, dotted(deepest.path)) == (4, "a.b[1].c")
    *_, last = root.descend(("d",))
    assert last.line == 6


def test_descending_stops_where_the_file_stops(tmp_path: Path) -> None:
    root = read(tmp_path, "a:\n  b: 1\n").root
    assert [entry.path for entry in root.descend(("a", "c", 0))] == [(), ("a",)]


def test_a_key_given_twice_is_reported_with_both_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a:\n  b: 1\n  c: 2\n  b: 3\n")
    (problem,) = document.problems
    assert (problem.line, problem.key) == (4, "a.b")
    assert "line 2" in problem.message


def test_all_keys_given_twice_are_reported(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\na: 2\na: 3\nb: {c: 1, c: 2}\n")
    assert [problem.key for problem in document.problems] == ["a", "a", "b.c"]


def test_anchors_and_aliases_may_be_used(tmp_path: Path) -> None:
    assert read(tmp_path, "a: &x {b: 1}\nc: *x\n").root.plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_inside_its_own_anchor_is_refused_and_not_followed_forever(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a: &x\n  b: *x\n").problems
    assert (problem.line, problem.key) == (2, "a.b")


def test_a_tag_is_refused(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a: !!python/object/apply:os.getcwd []\nb: !secret x\n").problems
    assert (problem.line, problem.key) == (2, "b")


def test_a_list_as_a_key_is_refused(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "a:\n  ? [1, 2]\n  : 3\n").problems
    assert (problem.line, problem.key) == (2, "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a\n- b\n", "the file is not a mapping"),
        ("just text", "the file is not a mapping"),
        ("a: [1, 2\n", "this is not YAML"),
        ("a: 1\n\tb: 2\n", "this is not YAML"),
        ("a: 1\n---\nb: 2\n", "this is not YAML"),
        ("a: *nowhere\n", "this is not YAML"),
        ("a: \x07\n", "this is not YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refusal(tmp_path, text)


def test_broken_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    assert "workflow.yaml:3: this is not YAML" in refusal(tmp_path, "a: 1\nb: 2\nc: d: 3\n")


def test_a_quote_left_open_is_reported_with_the_line_it_begins_in(tmp_path: Path) -> None:
    assert "begun in line 2)" in refusal(tmp_path, "a: 1\nb: 'c\nd: 3\ne: 4\n")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "workflow.yaml"
    path.write_bytes(b"name: \xff\xfe\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_document(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_document(tmp_path)
