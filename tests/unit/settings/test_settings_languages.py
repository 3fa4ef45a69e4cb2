"""A language that is not written as its code is answered in a line, with the code that was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import Problem
from cdk_app.settings.language_names import LIST, NAMES, codes_near
from cdk_app.settings.languages import Language

PROJECT = Path(__file__).resolve().parents[3]
Problems = Callable[..., list[Problem]]


def test_every_language_has_a_name_in_the_order_of_the_codes() -> None:
    assert tuple(NAMES) == get_args(Language)
    assert len(set(NAMES.values())) == len(NAMES)
    assert (PROJECT / LIST).is_file()


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("english", ["en"]),
        ("English", ["en"]),
        ("Eng", ["en"]),
        ("EN", ["en"]),
        ("en-US", ["en"]),
        ("pt_BR", ["pt"]),
        ("germn", ["de", "ka"]),
        ("Southern", ["sdh", "st", "uzs"]),
        ("xx", []),
        ("klingon", []),
    ],
)
def test_a_code_is_found_by_name_beginning_region_or_spelling(word: str, codes: list[str]) -> None:
    assert codes_near(word) == codes


@given(st.text())
def test_never_more_than_a_few_codes_are_offered_and_each_is_one(word: str) -> None:
    found = codes_near(word)
    assert len(found) == len(set(found)) <= 3
    assert set(found) <= set(NAMES)


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("english", "Did you mean `en`? All 139 codes are in cdk_app/settings/language_names.py."),
        ("klingon", "Write an ISO 639 code, such as `en`. All 139 codes are in cdk_app/settings/language_names.py."),
        (7, "Write an ISO 639 code, such as `en`. All 139 codes are in cdk_app/settings/language_names.py."),
    ],
)
def test_a_wrong_language_is_answered_in_a_line(
    problems: Problems, document: dict[str, Any], word: object, remedy: str
) -> None:
    document["data"]["languages"] = [word, "de"]
    [found] = problems(document)
    assert found.key == "data.languages[0]"
    assert found.remedy == remedy


def test_a_language_where_a_list_is_due_is_answered_with_a_list(problems: Problems, document: dict[str, Any]) -> None:
    document["data"]["languages"] = "english"
    [found] = problems(document)
    assert found.remedy.startswith("Did you mean `[en]`?")
