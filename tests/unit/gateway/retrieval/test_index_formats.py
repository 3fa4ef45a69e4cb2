"""What becomes of a caller's documents where their lexical index was written by another version, or is damaged."""

from __future__ import annotations

import sqlite3
import tempfile
from http import HTTPStatus
from pathlib import Path

import pytest

from lambdas.gateway.retrieval import lexical_format
from lambdas.gateway.retrieval.documents import Documents
from tests.unit.gateway.retrieval.adding import add, problem
from tests.unit.gateway.retrieval.conftest import ANN, Account, Settings


def test_after_an_update_of_the_gateway_documents_are_found_as_before_and_their_index_is_written_anew_once(
    documents: Documents, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(documents)
    before = documents.search(ANN, "bucket", 5)
    monkeypatch.setattr(lexical_format, "FORMAT", 2)

    written = []
    for _ in range(2):
        environment = Documents.from_environment(Settings())
        calls = len(account.calls)
        assert environment.search(ANN, "bucket", 5) == before
        written.append(account.calls[calls:].count("PutObject"))
    assert written == [1, 0]


def test_a_document_is_added_to_an_index_of_before_an_update(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add(documents)
    monkeypatch.setattr(lexical_format, "FORMAT", 2)

    later = Documents.from_environment(Settings())
    second = add(later, content=b"# Keys\n\nA key opens a bucket.")

    assert {found.document_id for found in later.search(ANN, "bucket", 5)} == {first.id, second.id}


@pytest.mark.parametrize(
    ("later_format", "remedy"), [(True, "Deploy the version of the gateway that wrote it"), (False, "`aws s3 rm`")]
)
def test_an_index_that_cannot_be_read_is_told_to_its_owner_and_its_remedy_to_the_operator(
    documents: Documents, account: Account, capsys: pytest.CaptureFixture[str], later_format: bool, remedy: str
) -> None:
    add(documents)
    (key,) = (key for key in account.objects if key.startswith("lexical/"))
    account.objects[key] = of_format_99(account.objects[key]) if later_format else b"no database" * 100

    refused = problem(documents.search, ANN, "bucket", 5)

    assert refused.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Ask whoever runs this gateway" in refused.detail
    logged = capsys.readouterr().out
    assert remedy in logged
    assert f"/{key}" in logged


def of_format_99(content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        path.write_bytes(content)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        return path.read_bytes()


def test_the_remedy_for_an_index_that_is_damaged_leads_back_to_documents_that_are_found(
    documents: Documents, account: Account
) -> None:
    added = add(documents)
    (key,) = (key for key in account.objects if key.startswith("lexical/"))
    del account.objects[key]

    documents.remove(ANN, added.id)
    assert add(documents).id == added.id
    assert documents.search(ANN, "bucket", 5)
