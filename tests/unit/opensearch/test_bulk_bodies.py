"""Bulk bodies: what one says is what is read, and what cannot be read is named by its line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.opensearch.bulk import parse
from twin.opensearch.errors import OpenSearchError

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
DOCUMENT = st.dictionaries(TEXT, st.integers() | TEXT | st.lists(st.integers(), max_size=3), max_size=3)
ACTION = st.one_of(
    st.tuples(st.sampled_from(["index", "create"]), TEXT, DOCUMENT),
    st.tuples(st.just("delete"), TEXT, TEXT),
)


def body(*lines: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@given(st.lists(ACTION, min_size=1, max_size=6))
def test_what_is_written_down_is_read_again(actions: list[tuple[str, str, Any]]) -> None:
    lines: list[Any] = []
    for kind, index, what in actions:
        head = {"_index": index, "_id": what} if kind == "delete" else {"_index": index}
        lines += [{kind: head}] if kind == "delete" else [{kind: head}, what]
    read = parse(body(*lines))
    assert [(one.kind, one.index, one.id if one.kind == "delete" else one.document) for one in read] == actions


def test_the_path_names_the_index_where_the_action_does_not() -> None:
    [one, other] = parse(body({"index": {}}, {"a": 1}, {"delete": {"_id": "x", "_index": "there"}}), "here")
    assert (one.index, one.document, other.index, other.id) == ("here", {"a": 1}, "there", "x")


def test_an_id_of_ones_own_and_an_update_are_refused_by_themselves() -> None:
    lines = body({"index": {"_id": "mine"}}, {}, {"update": {"_id": "x"}}, {"doc": {}}, {"index": {}}, {})
    reasons = [str(action.refusal) for action in parse(lines, "i")]
    assert "Document ID is not supported" in reasons[0]
    assert "do not update" in reasons[1]
    assert reasons[2] == "None"


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        (b"", "request body is required"),
        (b'{"index": {}}\n{}', "terminated by a newline"),
        (b"[]\n", "line \\[1\\] is not an object"),
        (b'{"index": {}}\n{\n', "line \\[2\\] is not JSON"),
        (b'{"index": {}}\n{}\n{"upsert": {}}\n', "metadata line \\[3\\]"),
        (b'{"index": {"routing": "a"}}\n{}\n', "unknown parameter \\['routing'\\]"),
        (b'{"index": {}}\n', "Line \\[1\\] wants a document"),
        (b'{"delete": {}}\n', "1: id is missing"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(given_: bytes, complaint: str) -> None:
    with pytest.raises(OpenSearchError, match=complaint):
        parse(given_, "i")


def test_an_action_names_an_index() -> None:
    with pytest.raises(OpenSearchError, match="1: index is missing"):
        parse(body({"index": {}}, {}))
