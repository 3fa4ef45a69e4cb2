"""Filters let through what a reading of the query language, document by document, lets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.opensearch import mappings
from twin.opensearch.errors import OpenSearchError
from twin.opensearch.filters import parse
from twin.vectors.columns import Columns

FIELDS = mappings.parse(
    {
        "properties": {
            "v": {"type": "knn_vector", "dimension": 2},
            "owner": {"type": "keyword"},
            "page": {"type": "integer"},
            "text": {"type": "text"},
            "hidden": {"type": "keyword", "index": False},
        }
    }
)
DOCUMENTS: list[dict[str, Any]] = [
    {"owner": "a", "page": 1},
    {"owner": ["a", "b"], "page": 2},
    {"page": [3, 30]},
    {"owner": "B"},
    {},
]


def let_through(query: Any) -> list[int]:
    return [row for row, fits in enumerate(parse(query, FIELDS).mask(Columns(DOCUMENTS))) if fits]


def fits(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """What a query means, without columns."""
    [(kind, body)] = query.items()
    if kind == "match_all":
        return True
    if kind == "bool":
        some = [fits(document, one) for one in body["should"]]
        return (
            all(fits(document, one) for one in (*body["must"], *body["filter"]))
            and not any(fits(document, one) for one in body["must_not"])
            and sum(some) >= (0 if body["must"] or body["filter"] else min(1, len(some)))
        )
    [(field, wanted)] = body.items()
    held = document.get(field, [])
    values = held if isinstance(held, list) else [held]
    if kind == "range":
        return any(value >= wanted["gte"] for value in values)
    return any(value in (wanted if kind == "terms" else [wanted]) for value in values)


LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"match_all": {}}),
    st.sampled_from(["a", "b", "B", "c"]).map(lambda owner: {"term": {"owner": owner}}),
    st.lists(st.sampled_from(["a", "B", "c"]), max_size=2).map(lambda owners: {"terms": {"owner": owners}}),
    st.integers(0, 31).map(lambda page: {"term": {"page": page}}),
    st.integers(0, 31).map(lambda page: {"range": {"page": {"gte": page}}}),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {clause: st.lists(inner, max_size=2) for clause in ("must", "filter", "must_not", "should")}
    ).map(lambda clauses: {"bool": clauses}),
    max_leaves=6,
)


@given(QUERIES)
def test_a_query_means_what_reading_each_document_says(query: dict[str, Any]) -> None:
    assert let_through(query) == [row for row, one in enumerate(DOCUMENTS) if fits(one, query)]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"exists": {"field": "page"}}, [0, 1, 2]),
        ({"range": {"page": {"gt": 1, "lt": 30}}}, [1, 2]),
        ({"term": {"page": "2"}}, [1]),
        ({"bool": {"should": [{"term": {"owner": "a"}}, {"term": {"page": 1}}], "minimum_should_match": 2}}, [0]),
    ],
)
def test_these_documents_are_let_through(query: Any, rows: list[int]) -> None:
    assert let_through(query) == rows


def nested(levels: int) -> dict[str, Any]:
    query: dict[str, Any] = {"match_all": {}}
    for _ in range(levels):
        query = {"bool": {"must": query}}
    return query


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ([], "malformed query"),
        ({"term": {"owner": "a"}, "match_all": {}}, "malformed query"),
        ({"match": {"text": "a"}}, "unknown query \\[match\\]"),
        ({"knn": {"v": {}}}, "knn stands by itself"),
        ({"bool": {"all": []}}, "does not support \\['all'\\]"),
        ({"bool": {"minimum_should_match": "75%"}}, "takes a number"),
        ({"term": {"owner": "a", "page": 1}}, "multiple fields"),
        ({"term": {"owner": {"value": "a", "boost": 2}}}, "does not support \\['boost'\\]"),
        ({"terms": {"owner": "a"}}, "requires a list"),
        ({"range": {"owner": {"gt": "a"}}}, "ranges are of integers"),
        ({"range": {"page": {"from": 1}}}, "does not support \\['from'\\]"),
        ({"term": {"page": "one"}}, "is no number"),
        ({"term": {"page": 10**400}}, "is no number"),
        ({"range": {"page": {"gte": 10**400}}}, "is no number"),
        ({"term": {"text": "a"}}, "of type text"),
        ({"term": {"hidden": "a"}}, "not indexed"),
        ({"exists": {"field": "nothing"}}, "No field \\[nothing\\]"),
        (nested(40), "up to 32 levels"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(query: Any, complaint: str) -> None:
    with pytest.raises(OpenSearchError, match=complaint):
        parse(query, FIELDS)
