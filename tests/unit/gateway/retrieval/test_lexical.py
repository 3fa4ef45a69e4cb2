"""BM25 over a caller's passages: exact where there are few, and the same whatever came and went before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.gateway.retrieval import lexical, lexical_format
from lambdas.gateway.retrieval.lexical import LexicalIndex
from lambdas.gateway.retrieval.lexical_format import NewerIndex, OlderIndex, UnreadableIndex
from lambdas.gateway.retrieval.words import terms
from lambdas.shared.similarity import Index


@pytest.fixture
def index(tmp_path: Path) -> LexicalIndex:
    return LexicalIndex(tmp_path / "index.sqlite")


def test_rare_words_count_more_than_frequent_ones(index: LexicalIndex) -> None:
    index.add("a", "A", ["the bucket and the key", "the bucket", "a heron in the bucket"])
    [(best, score), *_] = index.search("the heron", 3)
    assert (index.passages([best])[best].text, score > 1) == ("a heron in the bucket", True)


def test_the_ranking_is_that_of_the_evaluations_own_bm25(index: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "SATURATION", 1.5)
    texts = [f"{'heron ' * (number % 3)}word{number % 7} stork pelican{'s' * (number % 2)}" for number in range(30)]
    index.add("a", "A", texts)
    wanted = Index([" ".join(terms(text)) for text in texts]).nearest("heron word3 pelican", 10)
    assert [number for number, _ in index.search("heron word3 pelican", 10)] == wanted


def test_frequent_words_only_add_to_what_rare_ones_found(index: LexicalIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        f"common {'rare ' if number % 10 == 0 else ''}{'often ' if number % 4 == 0 else ''}" for number in range(100)
    ]
    index.add("a", "A", texts)
    monkeypatch.setattr(lexical, "MOST_SCORED", 12)
    found = [number for number, _ in index.search("common often rare", 100)]
    assert sorted(found) == list(range(0, 100, 10))
    assert found[:5] == [0, 20, 40, 60, 80]


def test_a_document_that_is_added_again_is_replaced(index: LexicalIndex) -> None:
    index.add("a", "A", ["heron", "stork"])
    index.add("a", "A", ["pelican"])
    assert len(index) == 1
    assert index.search("heron", 5) == []


def test_passages_know_their_document_and_place(index: LexicalIndex) -> None:
    index.add("a", "A", ["one", "two"])
    index.add("b", "B", ["three"])
    number = index.number("a", 1)
    assert number is not None
    passage = index.passages([number])[number]
    assert (passage.document_id, passage.name, passage.number, passage.text) == ("a", "A", 1, "two")
    assert index.number("a", 2) is index.number("c", 0) is None


def test_what_was_removed_is_not_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = LexicalIndex(path)
    index.add("kept", "Kept", ["heron"])
    index.add("gone", "confidential-name", ["secretword of somebody"])
    index.remove("gone")
    index.close()
    content = path.read_bytes()
    assert b"heron" in content
    assert b"secretword" not in content
    assert b"confidential-name" not in content


def test_a_file_of_a_later_format_or_of_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    LexicalIndex(path).close()
    for version, refused in ((99, NewerIndex), (0, UnreadableIndex)):
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(refused):
            LexicalIndex(path, rebuild=True)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(UnreadableIndex):
        LexicalIndex(path, rebuild=True)


def test_a_file_of_an_earlier_format_is_brought_to_this_one_out_of_its_own_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite"
    index = LexicalIndex(path)
    index.add("a", "A", ["heron stork", "pelican"])
    index.add("gone", "Gone", ["heron"])
    index.add("b", "B", ["heron heron"])
    index.remove("gone")
    index.close()
    monkeypatch.setattr(lexical_format, "FORMAT", 2)
    # What a later version may make of a text: other words, and another number of them.
    monkeypatch.setattr(lexical, "terms", lambda text: [f"new-{word}" for word in text.split() for _ in word])

    with pytest.raises(OlderIndex, match="format 1, and this version of the gateway reads 2"):
        LexicalIndex(path)
    index = LexicalIndex(path, rebuild=True)
    fresh = LexicalIndex(tmp_path / "fresh.sqlite")
    fresh.add("a", "A", ["heron stork", "pelican"])
    fresh.add("b", "B", ["heron heron"])

    def found(of: LexicalIndex) -> list[tuple[str, float]]:
        ranked = of.search("heron pelican", 5)
        texts = of.passages([number for number, _ in ranked])
        return [(texts[number].text, score) for number, score in ranked]

    assert found(index) == found(fresh) != []
    index.close()
    LexicalIndex(path).close()


words = st.sampled_from(["heron", "stork", "pelican", "CreateBucket", "buckets"])
texts = st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=4)
changes = st.lists(st.tuples(st.sampled_from("abc"), st.none() | texts), max_size=12)


@settings(deadline=None, max_examples=60)
@given(changes, words)
def test_after_any_changes_the_index_is_as_if_only_what_is_left_had_been_added(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, list[str] | None]], query: str
) -> None:
    folder = tmp_path_factory.mktemp("indexes")
    changed, anew = LexicalIndex(folder / "changed"), LexicalIndex(folder / "anew")
    left: dict[str, list[str]] = {}
    for name, given_texts in made:
        left.pop(name, None)
        if given_texts is None:
            changed.remove(name)
        else:
            changed.add(name, name, given_texts)
            left[name] = given_texts
    for name, kept in left.items():
        anew.add(name, name, kept)

    def found(index: LexicalIndex) -> list[tuple[str, int, float]]:
        ranking = index.search(query, 20)
        passages = index.passages([number for number, _ in ranking])
        return [(passages[number].document_id, passages[number].number, round(score, 9)) for number, score in ranking]

    assert found(changed) == found(anew)
    assert changed.rarities(query) == anew.rarities(query)
    changed.close()
    anew.close()


@pytest.mark.parametrize("query", ['"', "a OR b", "'; DROP TABLE documents; --", "*", "NEAR(", "\0", "\ud800"])
def test_no_query_is_anything_but_words(index: LexicalIndex, query: str) -> None:
    index.add("a", "A", ["a or b", "drop table documents"])
    assert len(index.search(query, 5)) <= 2
    assert len(index) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Policies, statuses and accesses", ["policy", "statuse", "and", "accesse"]),
        ("CreateBucket HTTPServer", ["createbucket", "create", "bucket", "httpserver", "http", "server"]),
        ("max_output_tokens", ["max_output_token", "max", "output", "token"]),
        ("EC2 S3", ["ec2", "ec", "2", "s3", "s", "3"]),
        ("東京 タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("x" * 300, ["x" * 64]),
    ],
)
def test_words_lose_their_endings_and_names_count_with_their_parts(text: str, expected: list[str]) -> None:
    assert list(terms(text)) == expected
