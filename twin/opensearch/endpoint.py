"""A collection's endpoint: who may come in, and what OpenSearch's API does there.

https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-genref.html says which permission of a
data access policy each operation asks for.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import Collection, Request, Response
from twin.opensearch import documents, errors, indexes, policies, searches, store
from twin.opensearch.errors import OpenSearchError

Json = dict[str, Any]
Operation = Callable[[Collection, str, Request], Json]

MOST_BODY_BYTES = 10 * 1024**2
_INDEX = re.compile(r"/(?P<index>[^/_][^/]*)(?P<rest>/.*)?")
_HASH = "x-amz-content-sha256"
_JSON = {"Content-Type": "application/json; charset=UTF-8"}

_log = logging.getLogger(__name__)


def answer(collection: Collection | None, caller: frozenset[str], request: Request) -> Response:
    """The answer to one request; `caller` is empty where its signature is wrong or IAM does not let it in."""
    try:
        if collection is None:
            raise errors.DoorError("Not Found", "There is no such collection.", 404)
        _require_entrance(collection, caller, request)
        answered = _served(collection, caller, request)
    except OpenSearchError as error:
        if isinstance(error, errors.DoorError):
            _log.warning("%s %s: %s", request.method, request.path, error.reason)
        return Response(json.dumps(error.body()).encode(), error.status, _JSON)
    status = 404 if answered.get("result") == "not_found" else 201 if answered.get("result") == "created" else 200
    body = b"" if request.method == "HEAD" else json.dumps(answered).encode()
    return Response(body, status, _JSON)


def _require_entrance(collection: Collection, caller: frozenset[str], request: Request) -> None:
    """What stands before OpenSearch. Raises OpenSearchError."""
    if len(request.body) > MOST_BODY_BYTES:
        raise errors.DoorError("Request Entity Too Large", f"A request has at most {MOST_BODY_BYTES} bytes.", 413)
    if request.headers.get(_HASH, "").lower() != hashlib.sha256(request.body).hexdigest():
        raise errors.forbidden(f"The header {_HASH} must bear the SHA-256 of the body.")
    if not policies.is_public(hooks.network_policies(collection.arn), collection.name):
        raise errors.forbidden(f"No network policy opens {collection.name} to the public.")
    if not caller:
        raise errors.forbidden(f"The signature is wrong, or IAM does not allow aoss:APIAccessAll on {collection.arn}.")
    if collection.kms_key and (state := hooks.key_state(collection.kms_key)) != "Enabled":
        raise OpenSearchError("AccessDeniedException", f"The key {collection.kms_key} is {state or 'not there'}.", 403)
    if collection.status != "ACTIVE":
        raise errors.DoorError("Service Unavailable", f"{collection.name} is {collection.status}.", 503)


def _served(collection: Collection, caller: frozenset[str], request: Request) -> Json:
    if unknown := sorted(set(request.query) - {"pretty", "timeout"}):
        raise errors.illegal(f"request [{request.path}] contains unrecognized parameters here: {unknown}")

    def require(permission: str, *names: str) -> None:
        given = hooks.data_access_policies(collection.arn)
        for name in names:
            resource = f"index/{collection.name}/{name}"
            if not policies.allows(given, caller, permission, resource):
                _log.warning("No data access policy gives %s %s on %s.", " or ".join(caller), permission, resource)
                raise errors.unauthorized()

    if request.path == "/_bulk" and request.method in ("POST", "PUT"):
        actions = documents.actions(request.body, None)
        require("aoss:WriteDocument", *{action.index for action in actions})
        return documents.bulk(collection.id, actions, len(request.body))
    addressed = _INDEX.fullmatch(request.path)
    named = (request.method, (addressed["rest"] or "").rstrip("/") if addressed else request.path)
    if addressed is None or not (found := _operation(named)):
        raise errors.not_served(f"{request.method} {request.path}")
    permission, operation = found
    require(permission, addressed["index"])
    return operation(collection, addressed["index"], request)


def _operation(named: tuple[str, str]) -> tuple[str, Operation] | None:
    method, path = named
    if method == "DELETE" and path.startswith("/_doc/"):
        return "aoss:WriteDocument", _delete_document
    return _OPERATIONS.get(named)


def _body(request: Request) -> Json:
    try:
        parsed = json.loads(request.body or b"{}")
    except (RecursionError, ValueError) as error:
        raise errors.not_parsed(f"The body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise errors.not_parsed("The body is not a JSON object.")
    return parsed


def _bulk(collection: Collection, index: str, request: Request) -> Json:
    actions = documents.actions(request.body, index)
    if others := sorted({action.index for action in actions} - {index}):
        raise errors.illegal(f"explicit index in bulk is not allowed: {others}")
    return documents.bulk(collection.id, actions, len(request.body))


def _add_document(collection: Collection, index: str, request: Request) -> Json:
    return documents.add(store.index_of(collection.id, index), _body(request), len(request.body))


def _delete_document(collection: Collection, index: str, request: Request) -> Json:
    return documents.delete(store.index_of(collection.id, index), request.path.rpartition("/_doc/")[2])


def _search(collection: Collection, index: str, request: Request) -> Json:
    return searches.search(store.index_of(collection.id, index), _body(request))


def _count(collection: Collection, index: str, request: Request) -> Json:
    return searches.count(store.index_of(collection.id, index), _body(request))


def _create_index(collection: Collection, index: str, request: Request) -> Json:
    store.add_index(collection.id, indexes.made(index, _body(request)))
    return {"acknowledged": True, "shards_acknowledged": True, "index": index}


def _delete_index(collection: Collection, index: str, request: Request) -> Json:  # noqa: ARG001
    store.remove_index(collection.id, index)
    return {"acknowledged": True}


def _describe(collection: Collection, index: str, request: Request) -> Json:
    found = store.index_of(collection.id, index)
    shown = indexes.described(found)
    part = request.path.rpartition("/_")[2].rstrip("s") if "/_" in request.path else ""
    return {index: {f"{part}s": shown[f"{part}s"]} if part else shown}


_READ, _WRITE, _SEE = "aoss:ReadDocument", "aoss:WriteDocument", "aoss:DescribeIndex"
_OPERATIONS: dict[tuple[str, str], tuple[str, Operation]] = {
    ("POST", "/_bulk"): (_WRITE, _bulk),
    ("PUT", "/_bulk"): (_WRITE, _bulk),
    ("POST", "/_doc"): (_WRITE, _add_document),
    ("GET", "/_search"): (_READ, _search),
    ("POST", "/_search"): (_READ, _search),
    ("GET", "/_count"): (_READ, _count),
    ("POST", "/_count"): (_READ, _count),
    ("GET", ""): (_SEE, _describe),
    ("HEAD", ""): (_SEE, _describe),
    ("GET", "/_mapping"): (_SEE, _describe),
    ("GET", "/_mappings"): (_SEE, _describe),
    ("GET", "/_settings"): (_SEE, _describe),
    ("PUT", ""): ("aoss:CreateIndex", _create_index),
    ("DELETE", ""): ("aoss:DeleteIndex", _delete_index),
}
