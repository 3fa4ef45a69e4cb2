"""A collection as its endpoint serves it: documents are written, found and deleted, and the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.twin.collections import FOREVER, Endpoint, a_name, index, knn, lines, resources
from tests.twin.helpers import Json, allow, make_function, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator
from twin.processes.ports import free_port

PASSAGES: list[Json] = [
    {"vector": [1, 0, 0], "owner": "a", "page": 1, "text": "north"},
    {"vector": [0.6, 0.8, 0], "owner": "b", "page": 2, "text": "east"},
    {"vector": [0, 1, 0], "owner": "a", "page": 3},
    {"vector": [-1, 0, 0], "owner": "c", "page": 4},
]


def make(emulator: Emulator, **changed: Json) -> tuple[Endpoint, Stack]:
    """A collection with an index, and its endpoint as the account's root meets it."""
    stack = Stack(emulator)
    made = stack.create(**resources(a_name(), **changed))
    assert made["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    return endpoint_of(emulator, stack.reference("Collection")), stack


def endpoint_of(emulator: Emulator, collection: str) -> Endpoint:
    client = emulator.client("opensearchserverless")
    [found] = client.batch_get_collection(ids=[collection])["collectionDetails"]
    return Endpoint(emulator, found["collectionEndpoint"])


@pytest.fixture(scope="module")
def endpoint(emulator: Emulator) -> Endpoint:
    """A collection with an index that nothing is found in: for what is refused."""
    return make(emulator, Index=index(FOREVER))[0]


@pytest.fixture(scope="module")
def filled(emulator: Emulator) -> Endpoint:
    """A collection whose index finds the passages."""
    made, _ = make(emulator)
    made.add(*PASSAGES)
    wait_until(made.count, lambda count: count == len(PASSAGES))
    return made


def pages(found: Json) -> list[int]:
    return [hit["_source"]["page"] for hit in found["hits"]]


# ---- searching ------------------------------------------------------------------------------------------


def test_the_nearest_come_first_with_the_scores_of_their_space(filled: Endpoint) -> None:
    found = filled.search(query=knn(1, 0, 0), size=3)
    assert pages(found) == [1, 2, 3]
    assert [hit["_score"] for hit in found["hits"]] == pytest.approx([2.0, 1.6, 1.0])
    assert (found["total"], found["max_score"]) == ({"value": 4, "relation": "eq"}, found["hits"][0]["_score"])
    assert pages(filled.search(query=knn(1, 0, 0, k=2))) == [1, 2]
    assert pages(filled.search(**{"query": knn(1, 0, 0), "from": 1, "size": 2})) == [2, 3]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"term": {"owner": "a"}}, [1, 3]),
        ({"term": {"owner": {"value": "b"}}}, [2]),
        ({"terms": {"owner": ["b", "c"]}}, [2, 4]),
        ({"range": {"page": {"gt": 1, "lte": 3}}}, [2, 3]),
        ({"bool": {"filter": [{"term": {"owner": "a"}}, {"term": {"page": 3}}]}}, [3]),
        ({"bool": {"must_not": {"terms": {"page": [1, 2]}}}}, [3, 4]),
        ({"bool": {"should": [{"term": {"page": 1}}, {"term": {"page": 4}}]}}, [1, 4]),
        ({"exists": {"field": "owner"}}, [1, 2, 3, 4]),
        ({"match_all": {}}, [1, 2, 3, 4]),
        ({"term": {"owner": "nobody"}}, []),
    ],
)
def test_a_filter_is_applied_before_the_nearest_are_chosen_and_by_itself(
    filled: Endpoint, filter_: Json, expected: list[int]
) -> None:
    assert pages(filled.search(query=knn(1, 0, 0, k=4, filter=filter_))) == expected
    assert sorted(pages(filled.search(query=filter_))) == expected
    assert filled.send("POST", "/passages/_count", {"query": filter_}).json()["count"] == len(expected)


def test_a_filter_beside_the_nearest_is_applied_after_they_are_chosen(filled: Endpoint) -> None:
    beside = {"bool": {"must": [knn(1, 0, 0, k=2)], "filter": {"term": {"owner": "a"}}}}
    assert pages(filled.search(query=beside)) == [1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (False, None),
        (["page", "text"], {"page": 1, "text": "north"}),
        ("own*", {"owner": "a"}),
        ({"excludes": ["vector"]}, {"owner": "a", "page": 1, "text": "north"}),
    ],
)
def test_an_answer_shows_what_is_asked_for(filled: Endpoint, source: Any, expected: Any) -> None:
    [hit] = filled.search(query=knn(1, 0, 0), size=1, _source=source)["hits"]
    assert hit.get("_source") == expected


# ---- writing --------------------------------------------------------------------------------------------


def test_what_is_written_is_found_once_the_index_was_refreshed(emulator: Emulator) -> None:
    endpoint, stack = make(emulator, Index=index(FOREVER))
    [key] = endpoint.add(PASSAGES[0])
    assert endpoint.count() == 0
    parts = resources(endpoint_name(emulator, stack))
    assert stack.update(**parts)["StackStatus"] == "UPDATE_COMPLETE", stack.reasons()
    wait_until(endpoint.count, lambda count: count == 1)
    gone = endpoint.send("POST", "/passages/_bulk", f'{{"delete": {{"_id": "{key}"}}}}\n').json()["items"]
    assert (gone[0]["delete"]["result"], gone[0]["delete"]["status"]) == ("deleted", 200)
    wait_until(endpoint.count, lambda count: count == 0)


def endpoint_name(emulator: Emulator, stack: Stack) -> str:
    client = emulator.client("opensearchserverless")
    return str(client.batch_get_collection(ids=[stack.reference("Collection")])["collectionDetails"][0]["name"])


def test_the_service_gives_the_ids_and_each_action_stands_by_itself(endpoint: Endpoint) -> None:
    good, bad = json.dumps(PASSAGES[0]), json.dumps({"vector": [1, 2]})
    body = (
        f'{{"index": {{"_index": "passages", "_id": "mine"}}}}\n{good}\n'
        f'{{"create": {{"_index": "passages"}}}}\n{good}\n'
        f'{{"index": {{"_index": "passages"}}}}\n{bad}\n'
        f'{{"index": {{"_index": "nowhere"}}}}\n{good}\n'
        f'{{"delete": {{"_index": "passages", "_id": "unknown"}}}}\n'
        f'{{"update": {{"_index": "passages", "_id": "x"}}}}\n{good}\n'
    )
    answer = endpoint.send("POST", "/_bulk", body).json()
    done = [next(iter(item.items())) for item in answer["items"]]
    assert answer["errors"]
    assert [(kind, item["status"]) for kind, item in done] == [
        ("index", 400),
        ("create", 201),
        ("index", 400),
        ("index", 404),
        ("delete", 404),
        ("update", 400),
    ]
    reasons = [item.get("error", {}).get("reason", "") for _, item in done]
    assert reasons[0] == "Document ID is not supported in create/index operation request"
    assert reasons[2].endswith("Vector dimension mismatch. Expected: 3, Given: 2")
    assert reasons[3] == "no such index [nowhere]"
    assert done[4][1]["result"] == "not_found"
    assert "error" not in done[4][1]
    one = endpoint.send("POST", "/passages/_doc", PASSAGES[0])
    assert (one.status_code, one.json()["result"]) == (201, "created")
    # The service's ids are already escaped, so that in a path they are escaped again.
    assert endpoint.send("DELETE", f"/passages/_doc/{quote(done[1][1]['_id'])}").json()["result"] == "deleted"
    assert endpoint.send("DELETE", "/passages/_doc/unknown").status_code == 404


# ---- indexes --------------------------------------------------------------------------------------------


def test_an_index_is_made_shown_and_deleted_at_the_endpoint_too(endpoint: Endpoint) -> None:
    vector = {"type": "knn_vector", "dimension": 2, "method": {"name": "hnsw", "engine": "nmslib"}}
    properties = {"v": vector, "tag": {"type": "keyword"}}
    wanted = {"settings": {"index.knn": True}, "mappings": {"properties": properties}}
    assert endpoint.send("HEAD", "/another").status_code == 404
    assert endpoint.send("PUT", "/another", wanted).json()["acknowledged"]
    assert endpoint.send("PUT", "/another", wanted).json()["error"]["type"] == "resource_already_exists_exception"
    shown = endpoint.send("GET", "/another").json()["another"]
    assert shown["mappings"] == {"properties": properties}
    assert (shown["settings"]["index"]["knn"], shown["settings"]["index"]["provided_name"]) == ("true", "another")
    mapping = endpoint.send("GET", "/another/_mapping").json()
    assert mapping == {"another": {"mappings": {"properties": properties}}}
    query = {"knn": {"v": {"vector": [1, 0], "k": 1, "filter": {"term": {"tag": "a"}}}}}
    refused = endpoint.send("POST", "/another/_search", {"query": query}).json()
    assert refused["error"]["reason"] == "Engine [NMSLIB] does not support filters"
    assert endpoint.send("DELETE", "/another").json() == {"acknowledged": True}
    assert endpoint.send("GET", "/another/_count").json()["error"]["type"] == "index_not_found_exception"


# ---- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("POST", "/passages/_refresh", None, "do not serve POST /passages/_refresh"),
        ("POST", "/passages/_delete_by_query", {}, "do not serve POST /passages/_delete_by_query"),
        ("GET", "/_cat/indices", None, "do not serve GET /_cat/indices"),
        ("POST", "/passages/_bulk?refresh=true", lines(PASSAGES[0]), "unrecognized parameters here: ['refresh']"),
        ("POST", "/passages/_search", {"aggs": {}}, "and not aggs"),
        ("POST", "/passages/_search", {"query": {"match": {"text": "a"}}}, "unknown query [match]"),
        ("POST", "/passages/_search", {"query": {"term": {"nothing": "a"}}}, "No field [nothing]"),
        ("POST", "/passages/_search", {"query": {"term": {"text": "a"}}}, "[text] is of type text"),
        ("POST", "/passages/_search", {"query": knn(1, 0)}, "Query vector has invalid dimension: 2"),
        ("POST", "/passages/_search", {"query": knn(1, 0, 0, k=0)}, "k to be in the range (0, 10000]"),
        ("POST", "/passages/_search", {"size": 9000, "from": 2000}, "Result window is too large"),
        ("POST", "/passages/_search", "{", "The body is not JSON"),
        ("POST", "/_bulk", '{"index": {"_index": "passages"}}', "must be terminated by a newline"),
        ("POST", "/passages/_doc", {"vector": [1, 0, 0], "size": 1}, "not [size]: add it to the mapping"),
        ("POST", "/passages/_doc", {"vector": [1, 0, 0], "page": "one"}, "failed to parse field [page]"),
        ("POST", "/passages/_doc", {"vector": [1, 0, 0], "text": "\ud800"}, "it takes texts of Unicode"),
        ("POST", "/passages/_doc", {"vector": [1, 0, 1e400]}, "cannot be NaN or infinity"),
        ("POST", "/passages/_search", f"{'[' * 100_000}", "The body is not JSON"),
        ("POST", "/passages/_bulk", f"{'[' * 100_000}\n", "line [1] is not JSON"),
        ("POST", "/passages/_doc", {"owner": "a"}, "[vector] is missing"),
        ("PUT", "/Upper", {}, "Invalid index name [Upper]"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    endpoint: Endpoint, method: str, path: str, body: Any, complaint: str
) -> None:
    answer = endpoint.send(method, path, body)
    assert answer.status_code in (400, 404)
    told = answer.json()
    assert complaint in told["error"]["reason"]
    assert (told["status"], told["error"]["root_cause"][0]["type"]) == (answer.status_code, told["error"]["type"])


def test_a_request_has_a_bound(endpoint: Endpoint) -> None:
    answer = endpoint.send("POST", "/passages/_bulk", " " * (10 * 1024**2 + 1))
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "Request Entity Too Large")


def test_a_collection_that_is_not_there_has_no_endpoint(emulator: Emulator) -> None:
    answer = requests.get(f"{emulator.endpoint_url}/_aws/aoss/nothing/passages", timeout=10)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "404 Not Found")


# ---- others ---------------------------------------------------------------------------------------------


def test_the_next_emulator_has_the_documents_of_the_one_before_and_tells_where(tmp_path: Path) -> None:
    ask = "import os\ndef handle(event, context):\n    return os.environ['ENDPOINT']\n"
    with Emulator(tmp_path, persist=True) as first:
        endpoint, stack = make(first, Index=index(FOREVER))
        endpoint.add(*PASSAGES[:2])
        variables = {"Variables": {"ENDPOINT": endpoint.url}}
        function = make_function(first, ask, allow("logs:*"), Environment=variables)
        collection = stack.reference("Collection")
    with Emulator(tmp_path, persist=True, port=free_port()) as second:
        again = endpoint_of(second, collection)
        assert again.url != endpoint.url
        assert pages(again.search(query=knn(0, 1, 0), size=1)) == [2]
        told = second.client("lambda").invoke(FunctionName=function)["Payload"].read()
        assert json.loads(told) == again.url
        client = second.client("opensearchserverless")
        assert wait_until(lambda: client.list_collections()["collectionSummaries"][0]["status"], "ACTIVE".__eq__)
