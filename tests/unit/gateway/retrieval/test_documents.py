"""Documents are added whole or not at all, removed without a trace, and found by their owner alone."""

from __future__ import annotations

import tempfile
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from lambdas.gateway.retrieval import catalogue, index_files
from lambdas.gateway.retrieval import documents as module
from lambdas.gateway.retrieval.documents import Documents
from tests.unit.gateway.retrieval.adding import GUIDE, add, problem
from tests.unit.gateway.retrieval.conftest import ANN, BOB, Account, Settings


def test_a_document_is_listed_and_its_passages_are_found_with_their_headings(documents: Documents) -> None:
    added = add(documents)
    assert (added.name, added.media_type, added.passages) == ("guide.md", "text/markdown", 2)
    assert list(documents.list(ANN)) == [added]
    best, other = documents.search(ANN, "How long is a name?", 5)
    assert (best.document_id, best.name, best.passage) == (added.id, "guide.md", 1)
    assert best.text == "Buckets > Names\nA name has at least three letters."
    assert 1 >= best.score > other.score >= 0


def test_progress_is_told_for_each_passage(documents: Documents) -> None:
    told = list(documents.adding(ANN, "guide.md", "text/markdown", GUIDE, lambda _tokens: None))
    assert told == [(1, 2), (2, 2)]


def test_the_same_content_is_one_document(documents: Documents, account: Account) -> None:
    first = add(documents)
    calls = len(account.calls)
    assert add(documents, name="copy.md") == first
    assert "InvokeModel" not in account.calls[calls:]
    assert len(documents.list(ANN)) == 1
    assert len(account.vectors) == 2


def test_the_same_content_of_two_callers_is_two_documents(documents: Documents) -> None:
    first, second = add(documents), add(documents, BOB)
    assert first.id != second.id
    documents.remove(ANN, first.id)
    assert documents.search(ANN, "bucket", 5) == []
    assert {found.document_id for found in documents.search(BOB, "bucket", 5)} == {second.id}


def test_what_is_removed_leaves_nothing_behind(documents: Documents, account: Account) -> None:
    added = add(documents)
    documents.remove(ANN, added.id)
    assert account.empty()
    assert not any(b"bucket" in content for content in account.objects.values())
    assert documents.search(ANN, "bucket", 5) == []
    assert problem(documents.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND


def test_what_the_list_has_forgotten_is_removed_all_the_same_by_its_owner_alone(
    documents: Documents, account: Account
) -> None:
    added = add(documents)
    account.items.clear()  # a table that was put back to an earlier time
    assert documents.search(ANN, "bucket", 5)
    assert problem(documents.remove, BOB, added.id).status == HTTPStatus.NOT_FOUND
    documents.remove(ANN, added.id)
    assert account.empty()
    assert documents.search(ANN, "bucket", 5) == []
    assert problem(documents.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND


def test_nobody_removes_anothers_document(documents: Documents) -> None:
    added = add(documents)
    assert problem(documents.remove, BOB, added.id).status == HTTPStatus.NOT_FOUND
    assert len(documents.list(ANN)) == 1


FIRST_TIME: Any = {
    "embeddings": ("InvokeModel", lambda _: True),
    "the original": ("PutObject", lambda p: p["Key"].startswith("originals/")),
    "vectors": ("PutVectors", lambda _: True),
    "the index": ("PutObject", lambda p: p["Key"].startswith("lexical/") and "IfNoneMatch" in p),
    "the end": ("UpdateItem", lambda _: True),
}


@pytest.mark.parametrize("step", FIRST_TIME)
def test_what_fails_leaves_nothing_behind_whichever_step_it_is(
    documents: Documents, account: Account, step: str
) -> None:
    failing = add(documents, content=b"Removed, so that the index is there.").id
    documents.remove(ANN, failing)
    operation, when = FIRST_TIME[step]
    attempts: list[Any] = []

    def once(params: Any) -> bool:
        if when(params) or (step == "the index" and params["Key"].startswith("lexical/") and not attempts):
            attempts.append(params)
            return True
        return False

    account.failing[operation] = once
    assert problem(add, documents).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert attempts
    account.failing.clear()
    assert account.empty()
    assert documents.search(ANN, "bucket", 5) == []
    assert len(documents.list(ANN)) == 0
    assert add(documents).passages == 2


def test_what_was_broken_off_is_cleaned_up_by_the_next_one(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Documents, "_undo", lambda *_, **__: None)  # the process was killed
    monkeypatch.setattr(catalogue, "UNFINISHED_SECONDS", -1)
    account.failing["UpdateItem"] = lambda _: True
    problem(add, documents)
    assert len(documents.list(ANN)) == 0
    assert account.vectors
    account.failing.clear()
    monkeypatch.setattr(catalogue, "UNFINISHED_SECONDS", 1200)
    other = add(documents, content=b"Another text.", name="other.md")
    assert list(documents.list(ANN)) == [other]
    assert {key.partition("#")[0] for key in account.vectors} == {other.id}
    assert [found.document_id for found in documents.search(ANN, "A bucket keeps objects", 5)] == [other.id]


def test_a_removal_that_was_broken_off_is_finished_by_the_next_one(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(documents)
    monkeypatch.setattr(catalogue, "UNFINISHED_SECONDS", -1)
    account.failing["DeleteVectors"] = lambda _: True
    problem(documents.remove, ANN, added.id)
    assert documents.search(ANN, "bucket", 5) == []
    account.failing.clear()
    assert problem(documents.remove, ANN, added.id).status == HTTPStatus.NOT_FOUND
    assert account.empty()


def test_a_document_that_is_being_added_can_neither_be_added_nor_removed(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Documents, "_undo", lambda *_, **__: None)
    account.failing["UpdateItem"] = lambda _: True
    problem(add, documents)
    account.failing.clear()
    [(_, identity)] = account.items
    assert problem(add, documents).status == HTTPStatus.CONFLICT
    assert problem(documents.remove, ANN, identity).status == HTTPStatus.CONFLICT


def test_of_two_who_add_the_same_at_once_one_is_told_to_try_again(documents: Documents, account: Account) -> None:
    other = Documents.from_environment(Settings())
    first: list[Any] = []

    def overtake(_: Any) -> bool:
        if not first:
            first.append(None)
            first[0] = add(other)
        return False

    account.failing["PutItem"] = overtake
    assert problem(add, documents).status == HTTPStatus.CONFLICT
    assert list(documents.list(ANN)) == first
    assert len(documents.search(ANN, "bucket", 5)) == 2


def test_who_took_so_long_that_it_was_cleaned_up_has_added_nothing(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "UNFINISHED_SECONDS", -1)
    other = Documents.from_environment(Settings())

    def clean_up(_: Any) -> bool:
        account.failing.clear()
        assert problem(other.remove, ANN, "of another id").status == HTTPStatus.NOT_FOUND
        return False

    account.failing["UpdateItem"] = clean_up
    assert problem(add, documents).status == HTTPStatus.CONFLICT
    assert account.empty()
    assert documents.search(ANN, "bucket", 5) == []


def test_equal_passages_are_embedded_once(documents: Documents, account: Account) -> None:
    added = documents.add(ANN, "a.md", "text/markdown", b"# A\nThe same.\n# A\nThe same.")
    assert added.passages == len(account.vectors) == 2
    assert account.calls.count("InvokeModel") == 1


def test_a_vector_that_the_callers_index_does_not_know_is_not_found(documents: Documents, account: Account) -> None:
    added = add(documents)
    [vector] = [vector for key, vector in account.vectors.items() if key.endswith("#1")]
    account.vectors["0" * 32 + "#0"] = {**vector, "key": "0" * 32 + "#0"}
    account.vectors[f"{added.id}#7"] = {**vector, "key": f"{added.id}#7"}
    found = documents.search(ANN, "How long is a name?", 9)
    assert sorted((one.document_id, one.passage) for one in found) == [(added.id, 0), (added.id, 1)]


def test_of_writers_at_once_none_loses_what_another_added(account: Account) -> None:
    every = [Documents.from_environment(Settings()) for _ in range(5)]
    all_have_read = threading.Barrier(len(every))
    here = threading.local()

    def meet(_: Any) -> bool:
        if not hasattr(here, "met"):
            here.met = all_have_read.wait(timeout=30)
        return False

    account.failing["PutObject"] = lambda params: params["Key"].startswith("lexical/") and meet(params)
    threads = [
        threading.Thread(target=add, args=(one, ANN, f"Text {number} about birds.".encode(), "a.md"))
        for number, one in enumerate(every)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(every[0].search(ANN, "birds", 20)) == len(every[0].list(ANN)) == len(every)


def test_a_writer_that_another_one_overtook_begins_anew(documents: Documents, account: Account) -> None:
    other = Documents.from_environment(Settings())
    overtaken: list[str] = []

    def overtake(params: Any) -> bool:
        if params["Key"].startswith("lexical/") and not overtaken:
            overtaken.append(params["Key"])
            add(other, content=b"A text that came in between, about storks.", name="between.md")
        return False

    account.failing["PutObject"] = overtake
    add(documents)
    assert overtaken
    assert {found.name for found in documents.search(ANN, "storks or a bucket", 9)} == {"guide.md", "between.md"}


def test_who_is_overtaken_again_and_again_gives_up_and_leaves_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_files, "LONGEST_PAUSE_SECONDS", 0.0)
    documents = Documents.from_environment(Settings())
    add(documents, content=b"The first text.", name="first.md")
    before = dict(account.objects)

    def overtake(params: Any) -> bool:
        if params["Key"].startswith("lexical/") and "IfMatch" in params and overtaking:
            account.objects[params["Key"]] += b"\0"
        return False

    overtaking = True
    account.failing["PutObject"] = overtake
    assert problem(add, documents).status == HTTPStatus.CONFLICT
    overtaking = False
    assert {key for key in account.objects if key.startswith("originals/")} == {
        key for key in before if key.startswith("originals/")
    }


def test_a_search_reads_the_index_again_only_where_it_changed(documents: Documents, account: Account) -> None:
    reader = Documents.from_environment(Settings())
    add(documents)
    assert len(reader.search(ANN, "bucket", 5)) == 2
    read = sum(1 for key in account.calls if key == "GetObject")
    account.failing["GetObject"] = lambda params: "IfNoneMatch" not in params
    assert len(reader.search(ANN, "bucket", 5)) == 2
    account.failing.clear()
    assert sum(1 for key in account.calls if key == "GetObject") == read + 1
    add(documents, content=b"Another bucket.", name="b.md")
    assert len(reader.search(ANN, "bucket", 5)) == 3


def test_of_many_callers_indexes_only_some_are_kept_here(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(index_files, "MOST_BYTES", 1)
    for caller in (ANN, BOB):
        add(documents, caller)
    reader = Documents.from_environment(Settings())
    for caller in (ANN, BOB, ANN, BOB):
        assert len(reader.search(caller, "bucket", 5)) == 2
    assert len(list(tmp_path.rglob("*.sqlite"))) == 1


def test_an_index_that_cannot_be_read_is_an_error_and_not_an_empty_one(documents: Documents, account: Account) -> None:
    add(documents)
    [key] = [key for key in account.objects if key.startswith("lexical/")]
    account.objects[key] = b"no index"
    assert problem(documents.search, ANN, "bucket", 5).status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert problem(add, documents, ANN, b"more").status == HTTPStatus.INTERNAL_SERVER_ERROR


def test_without_documents_nothing_is_embedded(documents: Documents, account: Account) -> None:
    assert documents.search(ANN, "bucket", 5) == []
    assert "InvokeModel" not in account.calls


def test_words_alone_are_searched_where_the_settings_name_no_embedding_model(account: Account) -> None:
    documents = Documents.from_environment(Settings(embedding=None))
    add(documents)
    assert documents.search(ANN, "three letters", 1)[0].passage == 1
    assert not {"InvokeModel", "PutVectors", "QueryVectors"} & set(account.calls)


def test_a_caller_has_a_bounded_number_of_documents_and_passages(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(documents)
    monkeypatch.setattr(module, "MOST_DOCUMENTS", 1)
    assert problem(add, documents, ANN, b"more").status == HTTPStatus.CONFLICT
    monkeypatch.setattr(module, "MOST_DOCUMENTS", 10)
    monkeypatch.setattr(module, "MOST_PASSAGES", 2)
    assert "3 passages, and 2 are allowed" in problem(add, documents, ANN, b"more").detail
    monkeypatch.setattr(module, "MOST_PASSAGES_OF_DOCUMENT", 1)
    assert problem(add, documents, BOB).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201])
def test_a_document_needs_a_name_of_some_length(documents: Documents, name: str) -> None:
    assert problem(add, documents, ANN, GUIDE, name).status == HTTPStatus.BAD_REQUEST
