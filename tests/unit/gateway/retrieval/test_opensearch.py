"""Passages whose vectors lie in OpenSearch Serverless: found late, removed wholly, and refused as in S3 Vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.gateway.retrieval import catalogue, collection, opensearch
from lambdas.gateway.retrieval import documents as documents_module
from lambdas.gateway.retrieval.documents import Documents
from lambdas.gateway.retrieval.opensearch import cosine_of
from lambdas.shared.errors import ConfigurationError
from tests.unit.gateway.retrieval.adding import add, problem
from tests.unit.gateway.retrieval.conftest import ANN, BOB, DIMENSIONS, Account, Settings
from tests.unit.gateway.retrieval.scripted_collection import INDEX, ScriptedCollection, score, serving

THROTTLED = {"_id": "none", "status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "full"}}
REFUSED = {"_id": "none", "status": 400, "error": {"type": "mapper_parsing_exception", "reason": "no vector"}}
BUSY = b'{"message": "Too Many Requests"}'


@pytest.fixture
def store(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedCollection]:
    """A collection that the function's environment names."""
    assert account.empty()
    monkeypatch.setattr(collection, "FIRST_PAUSE_SECONDS", 0.0)
    with serving(ScriptedCollection()) as found:
        monkeypatch.setenv("VECTOR_ENDPOINT", found.endpoint)
        monkeypatch.setenv("VECTOR_INDEX", INDEX)
        monkeypatch.delenv("VECTOR_BUCKET")
        yield found


@pytest.fixture
def documents(store: ScriptedCollection) -> Documents:
    assert store.endpoint
    return Documents.from_environment(Settings())


def another_process() -> Documents:
    """The documents as another execution environment has them, which has written none of them."""
    return Documents.from_environment(Settings())


# ---- found ----------------------------------------------------------------------------------------------


def test_a_document_is_found_by_its_words_at_once_and_by_its_meaning_once_the_collection_shows_it(
    documents: Documents, store: ScriptedCollection
) -> None:
    added = add(documents)
    best, *_ = documents.search(ANN, "How long is a name?", 5)
    assert (best.document_id, best.passage, best.cosine) == (added.id, 1, None)
    store.refresh()
    best, *_ = documents.search(ANN, "How long is a name?", 5)
    assert (best.document_id, best.passage) == (added.id, 1)
    assert best.cosine is not None
    assert 0 < best.cosine <= 1


def test_nobody_finds_anothers_passages(documents: Documents, store: ScriptedCollection) -> None:
    mine, yours = add(documents), add(documents, BOB)
    store.refresh()
    assert {found.document_id for found in documents.search(ANN, "How long is a name?", 9)} == {mine.id}
    owners = {document["owner"] for document in store.documents.values() if document["document_id"] == yours.id}
    assert len(owners) == 1
    assert json.loads(store.requests[-1].body)["query"]["knn"]["vector"]["filter"]["term"]["owner"] not in owners


def test_the_collection_keeps_whose_a_passage_is_and_what_it_says(
    documents: Documents, store: ScriptedCollection
) -> None:
    added = add(documents)
    kept = sorted(store.documents.values(), key=lambda document: document["passage"])
    assert [document.pop("vector") and document.pop("owner") and document for document in kept] == [
        {"document_id": added.id, "name": "guide.md", "passage": 0, "text": "Buckets\nA bucket keeps objects for you."},
        {
            "document_id": added.id,
            "name": "guide.md",
            "passage": 1,
            "text": "Buckets > Names\nA name has at least three letters.",
        },
    ]


@given(st.floats(-1, 1))
def test_the_cosine_comes_back_out_of_the_score(cosine: float) -> None:
    assert cosine_of(score(cosine)) == pytest.approx(cosine, abs=1e-9)


def test_requests_are_signed_for_the_service_with_the_hash_of_their_body(
    documents: Documents, store: ScriptedCollection
) -> None:
    add(documents)
    documents.search(ANN, "name", 5)
    assert store.paths() == ["_bulk", "_search"]
    for request in store.requests:
        assert "/eu-west-1/aoss/aws4_request" in request.headers["authorization"]
        assert "x-amz-content-sha256" in request.headers["authorization"]
        assert request.headers["x-amz-content-sha256"] == hashlib.sha256(request.body).hexdigest()


def test_requests_stay_below_the_size_that_the_service_takes(
    documents: Documents, store: ScriptedCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opensearch, "BYTES_IN_REQUEST", 8 * DIMENSIONS * 20)
    content = "\n".join(f"# Chapter {number}\nWords of chapter {number}." for number in range(40)).encode()
    added = add(documents, content=content)
    bulks = [request for request in store.requests if request.path.endswith("_bulk")]
    assert len(bulks) > 1
    assert max(len(request.body) for request in bulks) <= opensearch.BYTES_IN_REQUEST + 40 * len('{"index":{}}\n\n')
    assert sorted(document["passage"] for document in store.documents.values()) == list(range(added.passages))


# ---- removed --------------------------------------------------------------------------------------------


def test_what_is_removed_leaves_nothing_behind(
    documents: Documents, store: ScriptedCollection, account: Account
) -> None:
    added, other = add(documents), add(documents, BOB)
    store.refresh()
    another_process().remove(ANN, added.id)
    assert {document["document_id"] for document in store.documents.values()} == {other.id}
    another_process().remove(BOB, other.id)
    assert not store.documents
    assert account.empty()


def test_who_wrote_a_document_removes_it_wholly_before_any_search_shows_it(
    documents: Documents, store: ScriptedCollection, account: Account
) -> None:
    documents.remove(ANN, add(documents).id)
    assert not store.documents
    assert account.empty()


def test_what_another_process_removes_too_early_is_listed_no_more_and_goes_with_the_next_change(
    documents: Documents, store: ScriptedCollection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    added = add(documents)
    other = another_process()
    other.remove(ANN, added.id)
    assert len(other.list(ANN)) == 0
    assert len(store.documents) == added.passages
    store.refresh()
    assert problem(other.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert not store.documents
    assert account.empty()


def test_what_is_left_for_later_is_found_by_nobody(documents: Documents, store: ScriptedCollection) -> None:
    added = add(documents)
    other = another_process()
    other.remove(ANN, added.id)
    assert problem(other.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert len(store.documents) == added.passages
    store.refresh()
    assert other.search(ANN, "How long is a name?", 5) == []
    later = other.add(ANN, "later.md", "text/markdown", b"Another text about a name.")
    assert {found.document_id for found in other.search(ANN, "How long is a name?", 5)} == {later.id}


def test_what_was_removed_too_early_is_added_again_at_once_and_goes_with_all_that_was_left_of_it(
    documents: Documents, store: ScriptedCollection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(documents)
    another_process().remove(ANN, added.id)
    assert add(documents).id == added.id
    assert len(store.documents) == 2 * added.passages
    store.refresh()
    assert [found.passage for found in documents.search(ANN, "How long is a name?", 5)] == [1, 0]
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    another_process().remove(ANN, added.id)
    assert not store.documents
    assert problem(another_process().remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert account.empty()


def test_what_a_search_shows_of_a_former_removal_does_not_count_as_gone(
    documents: Documents, store: ScriptedCollection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    added = add(documents)
    store.refresh()
    documents.remove(ANN, added.id)
    add(another_process())
    documents.remove(ANN, added.id)
    assert len(store.documents) == added.passages
    store.refresh()
    assert problem(documents.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert not store.documents
    assert account.empty()


def test_a_copy_that_was_left_is_remembered_when_the_document_is_added_and_removed_again_elsewhere(
    documents: Documents, store: ScriptedCollection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    added, other = add(documents), another_process()
    other.remove(ANN, added.id)
    add(other)
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    other.remove(ANN, added.id)
    assert len(store.documents) == added.passages
    store.refresh()
    add(other, content=b"Another text.", name="later.md")
    assert {document["name"] for document in store.documents.values()} == {"later.md"}
    assert len(account.items) == 1


def test_a_copy_that_was_left_is_remembered_when_adding_it_again_fails(
    documents: Documents, store: ScriptedCollection, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    added, other = add(documents), another_process()
    other.remove(ANN, added.id)
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    account.failing["UpdateItem"] = lambda _: True
    assert problem(add, other).status == HTTPStatus.SERVICE_UNAVAILABLE
    account.failing.clear()
    assert len(store.documents) == added.passages
    store.refresh()
    assert problem(other.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert not store.documents
    assert account.empty()


def test_all_copies_go_however_many_a_search_shows_at_once(
    documents: Documents, store: ScriptedCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(documents)
    another_process().remove(ANN, added.id)
    add(another_process())
    store.refresh()
    monkeypatch.setattr(opensearch, "MOST_FOUND", 3)
    another_process().remove(ANN, added.id)
    assert not store.documents


def test_what_is_removed_takes_no_room_while_something_of_it_is_left(
    documents: Documents, store: ScriptedCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "MOST_DOCUMENTS", 1)
    monkeypatch.setattr(documents_module, "MOST_PASSAGES", 2)
    added = add(documents)
    another_process().remove(ANN, added.id)
    assert len(store.documents) == added.passages
    assert add(another_process()).id == added.id
    another_process().remove(ANN, added.id)
    later = add(another_process(), content=b"Another text.")
    assert problem(add, documents).status == HTTPStatus.CONFLICT
    assert [one.id for one in documents.list(ANN)] == [later.id]


def test_a_sweep_that_finds_fewer_vectors_than_passages_says_so(
    documents: Documents,
    store: ScriptedCollection,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(catalogue, "UNSEEN_SECONDS", -1)
    added = add(documents)
    another_process().remove(ANN, added.id)
    store.documents.popitem()
    store.refresh()
    assert problem(another_process().remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert "fewer vectors were there" in capsys.readouterr().out
    assert not store.documents
    assert account.empty()


def test_what_fails_in_the_middle_leaves_nothing_behind(documents: Documents, store: ScriptedCollection) -> None:
    store.items = [None, REFUSED]
    assert problem(add, documents).status == HTTPStatus.BAD_GATEWAY
    assert not store.documents
    assert add(documents).passages == len(store.documents) == 2


# ---- refused --------------------------------------------------------------------------------------------


def test_of_a_bulk_only_what_was_refused_is_sent_again(documents: Documents, store: ScriptedCollection) -> None:
    store.items = [THROTTLED]
    add(documents)
    first, second = (request.lines for request in store.requests)
    assert len(first) == 4
    assert second == first[:2]
    assert sorted(document["passage"] for document in store.documents.values()) == [0, 1]


def test_a_collection_that_stays_busy_is_asked_four_times(documents: Documents, store: ScriptedCollection) -> None:
    add(documents)
    store.refusals["_search"] = [(429, BUSY)] * 9
    found = problem(documents.search, ANN, "name", 5)
    assert found.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert store.paths().count("_search") == 4


def test_a_search_is_answered_once_the_collection_is_not_busy_any_more(
    documents: Documents, store: ScriptedCollection
) -> None:
    add(documents)
    store.refresh()
    store.refusals["_search"] = [(429, BUSY), (500, b"oops"), None]
    assert documents.search(ANN, "How long is a name?", 5)[0].cosine is not None


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        ((403, b'{"status":403,"error":{"reason":"403 Forbidden","type":"Forbidden"}}'), HTTPStatus.BAD_GATEWAY),
        ((404, b'{"error":{"type":"index_not_found_exception","reason":"no such index"}}'), HTTPStatus.BAD_GATEWAY),
        ((200, b"<html>"), HTTPStatus.BAD_GATEWAY),
        ((200, b'{"hits": 7}'), HTTPStatus.BAD_GATEWAY),
        ((502, b"<html>"), HTTPStatus.SERVICE_UNAVAILABLE),
        (None, HTTPStatus.SERVICE_UNAVAILABLE),
    ],
)
def test_a_refusal_is_told_as_those_of_other_services_are(
    documents: Documents, store: ScriptedCollection, refusal: Any, status: int
) -> None:
    add(documents)
    store.refusals["_search"] = [refusal] * 4
    assert problem(documents.search, ANN, "name", 5).status == status
    assert store.paths().count("_search") == (4 if status == HTTPStatus.SERVICE_UNAVAILABLE else 1)


@pytest.mark.parametrize("partial", [{"timed_out": True}, {"_shards": {"total": 2, "failed": 1}}])
def test_half_an_answer_is_none(documents: Documents, store: ScriptedCollection, partial: Any) -> None:
    add(documents)
    store.edit = lambda answer: answer | partial
    assert problem(documents.search, ANN, "name", 5).status == HTTPStatus.SERVICE_UNAVAILABLE


def test_what_may_have_been_written_is_not_written_again(documents: Documents, store: ScriptedCollection) -> None:
    store.refusals["_bulk"] = [None]
    assert problem(add, documents).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert store.paths().count("_bulk") == 1


def test_fewer_answers_than_actions_are_no_answer(documents: Documents, store: ScriptedCollection) -> None:
    store.edit = lambda answer: answer | {"items": answer.get("items", [])[1:]}
    assert problem(add, documents).status == HTTPStatus.BAD_GATEWAY


def test_the_environment_chooses_the_store(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    add(Documents.from_environment(Settings()))
    assert account.vectors
    monkeypatch.delenv("VECTOR_BUCKET")
    with pytest.raises(ConfigurationError, match="VECTOR_BUCKET"):
        Documents.from_environment(Settings())
