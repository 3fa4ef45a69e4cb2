"""S3 Vectors as boto3 meets it: vectors and queries, and what is refused of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from tests.twin.helpers import Json
from tests.twin.vectors import make_bucket, make_index, refused, unchecked_client, vector
from twin.emulator import Emulator

SPOKEN = {"float32": [1.0, 0.0, 0.0]}


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Any:
    """A client of the account, which leaves it to the service to refuse."""
    return unchecked_client(emulator)


@pytest.fixture(scope="module")
def bucket(emulator: Emulator) -> str:
    """A bucket for all indexes of these tests."""
    return make_bucket(emulator)


@pytest.fixture
def films(emulator: Emulator, client: Any, bucket: str) -> Json:
    """An index of films, by what they are called and how they are told."""
    configuration = {"nonFilterableMetadataKeys": ["plot"]}
    named = make_index(emulator, bucket, metadataConfiguration=configuration)
    vectors = [
        vector("near", 2, 0, 0, genre="drama", year=2020, plot="They meet."),
        vector("aside", 1, 1, 0, genre=["drama", "comedy"], year=2010),
        vector("across", 0, 1, 0, genre="comedy"),
        vector("away", -1, 0, 0),
    ]
    client.put_vectors(**named, vectors=vectors)
    return named


def keys(answer: Json) -> list[str]:
    return [one["key"] for one in answer["vectors"]]


# ---- vectors --------------------------------------------------------------------------------------------


def test_vectors_are_given_back_as_they_were_put_in_single_precision(client: Any, films: Json) -> None:
    client.put_vectors(**films, vectors=[vector("k", 0.4, 1, 1e-45, title="ü", tags=["a"], n=1.5, seen=True)])
    answer = client.get_vectors(**films, keys=["k", "nowhere", "k"], returnData=True, returnMetadata=True)
    single = [float(np.float32(number)) for number in (0.4, 1, 1e-45)]
    assert answer["vectors"] == [
        {"key": "k", "data": {"float32": single}, "metadata": {"title": "ü", "tags": ["a"], "n": 1.5, "seen": True}}
    ]
    assert client.get_vectors(**films, keys=["k"])["vectors"] == [{"key": "k"}]


def test_a_vector_that_is_put_again_is_replaced_whole(client: Any, films: Json) -> None:
    client.put_vectors(**films, vectors=[vector("near", 0, 0, 1)])
    [found] = client.get_vectors(**films, keys=["near"], returnData=True, returnMetadata=True)["vectors"]
    assert found == {"key": "near", "data": {"float32": [0, 0, 1]}, "metadata": {}}


def test_deleted_vectors_are_gone_and_those_that_are_not_there_are_no_matter(client: Any, films: Json) -> None:
    client.delete_vectors(**films, keys=["near", "nowhere"])
    assert keys(client.get_vectors(**films, keys=["near", "away"])) == ["away"]
    assert keys(client.query_vectors(**films, topK=9, queryVector=SPOKEN)) == ["aside", "across", "away"]


def test_vectors_are_listed_in_pages_and_in_parts(emulator: Emulator, client: Any, bucket: str) -> None:
    named = make_index(emulator, bucket)
    client.put_vectors(**named, vectors=[vector(f"k{number}", 1, number, 0, n=number) for number in range(120)])
    pages = list(client.get_paginator("list_vectors").paginate(**named, maxResults=50, returnMetadata=True))
    assert [len(page["vectors"]) for page in pages] == [50, 50, 20]
    assert sorted(one["metadata"]["n"] for page in pages for one in page["vectors"]) == list(range(120))
    parts = [keys(client.list_vectors(**named, segmentCount=4, segmentIndex=part)) for part in range(4)]
    assert sorted(key for part in parts for key in part) == sorted(f"k{number}" for number in range(120))
    assert all(10 < len(part) < 60 for part in parts)
    together = "must be specified together"
    assert together in refused(client.list_vectors, **named, segmentCount=4)
    assert "less than segmentCount" in refused(client.list_vectors, **named, segmentCount=4, segmentIndex=4)
    assert "Invalid nextToken" in refused(client.list_vectors, **named, nextToken="page two")


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (vector("k", 1, 2), "Invalid record for key 'k': vector must have length 3, but has length 2"),
        (vector("k", 0, 0, 0), "cosine distance does not support vectors with zero norm"),
        (vector("k", 1e-46, 0, 0), "cosine distance does not support vectors with zero norm"),
        (vector("k", 1e39, 0, 0), "vector contains NaNs or Infs"),
        (vector("k", 1, 0, 0, plot={"a": 1}), "Metadata values must be strings, numbers, booleans, or arrays"),
        (vector("k", 1, 0, 0, genre="x" * 2048), "Filterable metadata must have at most 2048 bytes"),
        (vector("k", 1, 0, 0, plot="x" * 40_960), "Metadata object must have at most 40960 bytes"),
        (vector("k" * 1025, 1, 0, 0), "less than or equal to 1024"),
    ],
)
def test_where_one_vector_cannot_be_stored_none_is(client: Any, films: Json, wrong: Json, complaint: str) -> None:
    message = refused(client.put_vectors, **films, vectors=[vector("good", 1, 0, 0), wrong])
    assert message.startswith("ValidationException")
    assert complaint in message
    assert client.get_vectors(**films, keys=["good"])["vectors"] == []


def test_a_text_too_long_to_filter_by_is_stored_where_the_index_says_so(client: Any, films: Json) -> None:
    client.put_vectors(**films, vectors=[vector("k", 1, 0, 0, plot="x" * 30_000)])
    [found] = client.query_vectors(**films, topK=1, queryVector=SPOKEN, returnMetadata=True)["vectors"]
    assert len(found["metadata"]["plot"]) == 30_000


@pytest.mark.parametrize(("operation", "most"), [("put_vectors", 500), ("delete_vectors", 500), ("get_vectors", 100)])
def test_a_request_has_a_bounded_number_of_vectors(client: Any, films: Json, operation: str, most: int) -> None:
    def given(count: int) -> Json:
        names = [f"k{number}" for number in range(count)]
        return {"vectors": [vector(name, 1, 0, 0) for name in names]} if operation[0] == "p" else {"keys": names}

    assert getattr(client, operation)(**films, **given(most))
    assert f"less than or equal to {most}" in refused(getattr(client, operation), **films, **given(most + 1))


def test_a_request_is_at_most_20_mib(emulator: Emulator, films: Json) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/s3vectors/aws4_request"}
    body = json.dumps({**films, "vectors": [vector("k", 1, 0, 0)]})
    for size, complaint in ((20 * 1024**2, ""), (20 * 1024**2 + 1, "Request body exceeds max allowed size")):
        answer = requests.post(f"{emulator.endpoint_url}/PutVectors", body.ljust(size), headers=headers, timeout=60)
        assert answer.json().get("message", "") == complaint


# ---- queries --------------------------------------------------------------------------------------------


def test_a_query_finds_the_nearest_first(client: Any, films: Json) -> None:
    answer = client.query_vectors(**films, topK=3, queryVector=SPOKEN, returnDistance=True, returnMetadata=True)
    assert answer["distanceMetric"] == "cosine"
    assert keys(answer) == ["near", "aside", "across"]
    assert [one["distance"] for one in answer["vectors"]] == pytest.approx([0, 1 - 2**-0.5, 1])
    assert answer["vectors"][0]["metadata"] == {"genre": "drama", "year": 2020, "plot": "They meet."}
    assert client.query_vectors(**films, topK=1, queryVector=SPOKEN)["vectors"] == [{"key": "near"}]


def test_a_euclidean_index_measures_the_way_between(emulator: Emulator, client: Any, bucket: str) -> None:
    named = make_index(emulator, bucket, distanceMetric="euclidean")
    client.put_vectors(**named, vectors=[vector("zero", 0, 0, 0), vector("far", 1, 3, 4)])
    answer = client.query_vectors(**named, topK=2, queryVector=SPOKEN, returnDistance=True)
    assert [(one["key"], one["distance"]) for one in answer["vectors"]] == [("zero", 1.0), ("far", 5.0)]


def test_a_filter_is_applied_before_the_search(client: Any, films: Json) -> None:
    def found(condition: Json, most: int = 4) -> list[str]:
        return keys(client.query_vectors(**films, topK=most, queryVector=SPOKEN, filter=condition))

    assert found({"genre": "comedy"}, 1) == ["aside"]
    assert found({"$and": [{"genre": "drama"}, {"year": {"$lt": 2020}}]}) == ["aside"]
    assert found({"year": {"$exists": False}}) == ["across", "away"]
    assert found({"genre": "western"}) == []


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"topK": 0}, "greater than or equal to 1"),
        ({"topK": 10_001}, "at most 10000"),
        ({"queryVector": {"float32": [1, 2]}}, "invalid for this index: vector must have length 3"),
        ({"queryVector": {"float32": [0, 0, 0]}}, "Query vector contains invalid values"),
        ({"filter": {}}, "Invalid filter: filter: a condition is an object with one key"),
        ({"filter": {"genre": "a", "year": 1}}, "under $and"),
        ({"filter": {"plot": "a"}}, "Invalid use of non-filterable metadata in filter"),
        ({"nextToken": "page-2"}, "not valid"),
    ],
)
def test_a_query_that_cannot_be_is_refused(client: Any, films: Json, asked: Json, complaint: str) -> None:
    message = refused(client.query_vectors, **{**films, "topK": 1, "queryVector": SPOKEN, **asked})
    assert message.startswith("ValidationException")
    assert complaint in message


def test_many_results_come_in_pages_of_what_the_first_one_found(emulator: Emulator, client: Any, bucket: str) -> None:
    named = make_index(emulator, bucket)
    client.put_vectors(**named, vectors=[vector(f"k{number:03}", 1, number, 0, n=number) for number in range(250)])
    query = {**named, "topK": 220, "queryVector": SPOKEN}
    first = client.query_vectors(**query)
    client.delete_vectors(**named, keys=[f"k{number:03}" for number in range(150)])
    second = client.query_vectors(**query, nextToken=first["nextToken"], returnMetadata=True)
    third = client.query_vectors(**query, nextToken=second["nextToken"])
    found = [keys(page) for page in (first, second, third)]
    assert [len(page) for page in found] == [100, 100, 20]
    assert [key for page in found for key in page] == [f"k{number:03}" for number in range(220)]
    assert second["vectors"][0] == {"key": "k100", "metadata": {"n": 100}}
    assert "nextToken" not in third
    another = {**query, "topK": 221, "nextToken": first["nextToken"]}
    assert "the query that it came from" in refused(client.query_vectors, **another)


def test_an_operation_that_there_is_not_is_refused_by_name(emulator: Emulator) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/s3vectors/aws4_request"}
    answer = requests.post(f"{emulator.endpoint_url}/SearchVectors", "{}", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["message"]) == (404, "S3 Vectors has no POST /SearchVectors here.")


# ---- another emulator -----------------------------------------------------------------------------------


def test_the_next_emulator_has_the_vectors_of_the_one_before(tmp_path: Path) -> None:
    with Emulator(tmp_path, persist=True) as first:
        named = make_index(first, make_bucket(first))
        first.client("s3vectors").put_vectors(**named, vectors=[vector("a", 1, 0, 0), vector("b", 0, 1, 0, n=1)])
    with Emulator(tmp_path, persist=True) as second:
        answer = second.client("s3vectors").query_vectors(**named, topK=5, queryVector=SPOKEN, filter={"n": 1})
        assert keys(answer) == ["b"]
