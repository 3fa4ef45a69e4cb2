"""Columns must make a record that every step of a run can read; whatever else they are called, they may."""

from __future__ import annotations

from typing import Any

import pytest

from cdk_app.settings import Columns
from tests.unit.settings.conftest import Load, Problems, found


def test_text_and_target_must_be_different_columns(problems: Problems, document: dict[str, Any]) -> None:
    document["data"]["columns"] = {"text": "body", "target": "body"}
    assert found(problems(document)) == [("data.columns.target", "`body` is also the text column")]


@pytest.mark.parametrize(("text", "target"), [("Text", "text"), ("ÜBERSICHT", "übersicht")])
def test_columns_that_differ_in_their_capitals_alone_are_refused(
    problems: Problems, document: dict[str, Any], text: str, target: str
) -> None:
    document["data"]["columns"] = {"text": text, "target": target}
    message = f"`{target}` and the text column `{text}` are one column to Glue and Athena, which know no capitals"
    assert found(problems(document)) == [("data.columns.target", message)]


@pytest.mark.parametrize(("name", "mark"), [("meta.text", "dot"), ("text, long", "comma"), ("te\nxt", "line end")])
def test_a_column_that_no_table_can_have_is_refused_with_what_to_do(
    problems: Problems, document: dict[str, Any], name: str, mark: str
) -> None:
    document["data"]["columns"] = {"text": name, "target": "b"}
    (problem,) = problems(document)
    assert problem.key == "data.columns.text"
    assert problem.message == f"no table can have the column `{name}`, for its {mark}"
    assert "Call the column otherwise" in str(problem)
    document["data"]["columns"] = {"messages": name}
    assert [key for key, _ in found(problems(document))] == ["data.columns.messages"]


@pytest.mark.parametrize("name", ["Übersicht", 'the "text"', "two words", "a/b:c;d"])
def test_a_column_may_have_any_other_name(load: Load, document: dict[str, Any], name: str) -> None:
    document["data"]["columns"] = {"text": name, "target": "b"}
    columns = load(document).data.columns
    assert columns is not None
    assert columns.text == name


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"messages": "m", "text": "body"}, "data.columns.messages"),
        ({"text": "body"}, "data.columns.target"),
        ({"target": "summary"}, "data.columns.text"),
        ({"messages": "m", "rejected": "M"}, "data.columns.rejected"),
        ({"text": "body", "rejected": "worse"}, "data.columns.target"),
        ({}, "data.columns.text"),
    ],
)
def test_columns_must_make_a_record(
    problems: Problems, document: dict[str, Any], columns: dict[str, str], expected: str
) -> None:
    document["data"]["columns"] = columns
    assert [key for key, _ in found(problems(document))] == [expected]


@pytest.mark.parametrize(
    "columns",
    [{"text": "prompt", "target": "chosen", "rejected": "worse"}, {"messages": "chosen", "rejected": "worse"}],
)
def test_dpo_asks_for_a_rejected_answer(
    load: Load, problems: Problems, document: dict[str, Any], columns: dict[str, str]
) -> None:
    document["tuning"] = {"objective": "dpo"}
    document["data"]["columns"] = columns
    settings = load(document)
    assert settings.tuning.peak_learning_rate == pytest.approx(5e-5)
    assert settings.data.columns
    assert settings.data.columns.names[-1] == "worse"
    del columns["rejected"]
    assert [key for key, _ in found(problems(document))] == ["tuning.objective"]


@pytest.mark.parametrize("columns", [None, {"messages": "m"}])
def test_columns_may_be_left_to_the_files_or_be_a_conversation(
    load: Load, document: dict[str, Any], columns: dict[str, str] | None
) -> None:
    del document["data"]["columns"]
    if columns:
        document["data"]["columns"] = columns
    assert load(document).data.columns == (Columns(**columns) if columns else None)


def test_rules_on_glue_need_columns_to_stand_on(problems: Problems, document: dict[str, Any]) -> None:
    del document["data"]["columns"]
    document["data"]["quality_rules"] = {"on_glue": True}
    assert [key for key, _ in found(problems(document))] == ["data.quality_rules.on_glue"]
