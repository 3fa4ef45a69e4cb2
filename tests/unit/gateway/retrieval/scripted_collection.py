"""A vector search collection of OpenSearch Serverless, as far as the gateway asks it, over HTTP.

It gives documents their ids itself, shows what was written after `refresh`, and refuses what a test tells it to.
"""

from __future__ import annotations

import json
import operator
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
INDEX, PREFIX = "passages", "/behind/this"


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[Json]:
        """The lines of a bulk."""
        return [json.loads(line) for line in self.body.splitlines()]


Refusal = tuple[int, bytes] | None
"""Status and body; None hangs up without an answer."""


@dataclass
class ScriptedCollection:
    """The collection.

    Attributes:
        documents: everything that is written, by id.
        shown: ids that searches know.
        refusals: answers to the next requests of a path's last part, in their place.
        items: what becomes of the next actions of bulks, by their place among all; None lets them be done.
    """

    endpoint: str = ""
    documents: dict[str, Json] = field(default_factory=dict)
    shown: dict[str, Json] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    refusals: dict[str, list[Refusal]] = field(default_factory=dict)
    items: list[Json | None] = field(default_factory=list)
    edit: Callable[[Json], Json] = lambda answer: answer
    made: int = 0

    def refresh(self) -> None:
        """Let searches see what is there."""
        self.shown = dict(self.documents)

    def paths(self) -> list[str]:
        """The last part of each request's path."""
        return [request.path.rpartition("/")[2] for request in self.requests]

    def answer(self, request: Request) -> Refusal:
        self.requests.append(request)
        last = request.path.rpartition("/")[2]
        if self.refusals.get(last):
            return self.refusals[last].pop(0)
        assert request.path == f"{PREFIX}/{INDEX}/{last}"
        done = self._bulk(request.lines) if last == "_bulk" else self._search(json.loads(request.body))
        return 200, json.dumps(self.edit(done)).encode()

    def _bulk(self, lines: Sequence[Json]) -> Json:
        left, items = iter(lines), []
        for line in left:
            [(kind, named)] = line.items()
            document = next(left) if kind == "index" else None
            scripted = self.items.pop(0) if self.items else None
            items.append({kind: scripted or self._act(named.get("_id"), document)})
        return {"took": 1, "errors": any("error" in one for item in items for one in item.values()), "items": items}

    def _act(self, identity: str | None, document: Json | None) -> Json:
        if document is not None:
            assert identity is None, "Document ID is not supported in create/index operation request"
            self.made += 1
            identity = f"made-{self.made}"
            self.documents[identity] = document
            return {"_id": identity, "result": "created", "status": 201}
        there = self.documents.pop(str(identity), None) is not None
        return {"_id": identity, "result": "deleted" if there else "not_found", "status": 200 if there else 404}

    def _search(self, asked: Json) -> Json:
        [(kind, query)] = asked["query"].items()
        wanted = [query["vector"]["filter"]] if kind == "knn" else query["filter"]
        vector = query["vector"]["vector"] if kind == "knn" else []
        hits: list[Json] = [
            {
                "_id": identity,
                "_score": score(sum(map(operator.mul, vector, document["vector"]))),
                "_source": {name: document[name] for name in asked["_source"]},
            }
            for identity, document in self.shown.items()
            if all(_fits(document, condition) for condition in wanted)
        ]
        hits.sort(key=lambda hit: -hit["_score"])
        return {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": hits[: asked["size"]]}}


def _fits(document: Json, condition: Json) -> bool:
    [(kind, body)] = condition.items()
    [(name, wanted)] = body.items()
    if kind == "range":
        return bool(wanted["gte"] <= document[name] < wanted["lt"])
    return bool(document[name] == wanted)


def score(product: float) -> float:
    """OpenSearch's score of an inner product.

    https://docs.opensearch.org/latest/mappings/supported-field-types/knn-spaces, where the distance is the negative
    product.
    """
    distance = -product
    return 1 / (1 + distance) if distance >= 0 else -distance + 1


@contextmanager
def serving(collection: ScriptedCollection) -> Iterator[ScriptedCollection]:
    """Serve the collection on this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = collection.answer(Request(self.path, headers, body))
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("content-length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    collection.endpoint = f"http://127.0.0.1:{server.server_port}{PREFIX}"
    try:
        yield collection
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
