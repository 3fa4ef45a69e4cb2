"""Metadata is measured and judged as S3 Vectors does it."""

from __future__ import annotations

from typing import Any

import pytest

from twin.s3vectors.metadata import problems


def complaints(metadata: Any, *non_filterable: str) -> list[str]:
    return list(problems(metadata, non_filterable))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a": "x", "b": 1, "c": 1.5, "d": True, "e": ["x", "y"], "f": [1, 2.5]},
        {f"k{number}": 1 for number in range(50)},
        {"f": "x" * 2035},
        {"ffffffffff": "x" * 2026},
        {"f": "é" * 1017},
    ],
)
def test_what_s3_vectors_takes_is_taken(metadata: dict[str, Any]) -> None:
    assert complaints(metadata) == []


@pytest.mark.parametrize(
    ("metadata", "complaint"),
    [
        ([], "must be an object"),
        ({f"k{number}": 1 for number in range(51)}, "must have at most 50 keys"),
        ({"f": "x" * 2036}, "Filterable metadata must have at most 2048 bytes"),
        ({"f": "é" * 1018}, "Filterable metadata must have at most 2048 bytes"),
        ({"a": None}, r"strings, numbers, booleans, or arrays \(a\)"),
        ({"a": {"b": 1}}, r"strings, numbers, booleans, or arrays \(a\)"),
        ({"a": float("nan")}, "strings, numbers, booleans, or arrays"),
        ({"a": 10**400}, "strings, numbers, booleans, or arrays"),
        ({"a": "half of a pair \ud83d"}, "strings, numbers, booleans, or arrays"),
        ({"a": []}, "arrays must not be empty"),
        ({"a": [True]}, "array values must be strings or numbers"),
        ({"a": [{}]}, "array values must be strings or numbers"),
        ({"a": ["x", 1]}, "of one type"),
        ({"": 1}, "keys must be"),
    ],
)
def test_what_s3_vectors_refuses_is_refused(metadata: Any, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        assert complaints(metadata) == []


def test_large_texts_may_be_where_they_are_not_filterable() -> None:
    assert complaints({"text": "x" * 40_000, "year": 2020}, "text") == []
    assert complaints({"text": "x" * 40_942}, "text") == []
    assert complaints({"text": "x" * 40_945}, "text") == ["Metadata object must have at most 40960 bytes"]


def test_everything_that_is_wrong_is_said() -> None:
    assert len(complaints({"a": None, "b": [], "c": [True]})) == 3
