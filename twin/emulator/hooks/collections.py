"""OpenSearch Serverless: its collections and policies as the emulator keeps them, and a door to each collection.

The emulator serves the control plane, and has no engine for what lies in collections. Their endpoints have a path here,
because names under .localhost do not resolve in every program, and those of AWS nowhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ministack import app
from ministack.core import iam_evaluator, responses, router
from ministack.services import opensearchserverless as serverless

from twin.emulator.addresses import is_public
from twin.emulator.hooks.callers import principals_of
from twin.emulator.hooks.encryption import key_state
from twin.emulator.hooks.identity import Permission, allowed
from twin.emulator.hooks.services import Answer, RawResponse, Request, ServiceError, _on_a_thread

COLLECTIONS = "opensearchserverless"
"""The emulator's name for the service."""
_PATH = "/_aws/aoss/"
_OWN_KEY = "auto"
_ADDRESSED = re.compile(rf"{_PATH}(?P<id>[a-z0-9]{{3,40}})(?P<rest>/.*)?")
_OLD = re.compile(rf"http://127\.0\.0\.1:\d{{1,5}}{_PATH}")


@dataclass(frozen=True)
class Collection:
    """A collection, as far as its endpoint needs to know it."""

    id: str
    name: str
    arn: str
    status: str
    kms_key: str | None
    """None where it is the service's own."""


# What answers a request: of which collection (None where it is not there), sent by whom (nobody where IAM refuses).
AnswerCollection = Callable[[Collection | None, frozenset[str], Request], Answer]


def serve_collections(answer: AnswerCollection, forget: Callable[[str], None]) -> None:
    """Have `answer` serve what is sent to the endpoints of collections, and `forget(id)` what lay in a deleted one.

    Vector search is the one type that is served.
    """
    data_plane = app._handle_special_data_plane_request
    create, delete = serverless._HANDLERS["CreateCollection"], serverless._HANDLERS["DeleteCollection"]
    detail, keys = serverless._collection_detail, serverless._matching_encryption_key

    async def by_path(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        request_id: str,
        **rest: Any,
    ) -> RawResponse | None:
        addressed = _ADDRESSED.fullmatch(path)
        if addressed is None or is_public(headers.get("host", "")):
            passed_on: RawResponse | None = await data_plane(method, path, headers, body, query, request_id, **rest)
            return passed_on
        collection = collection_of(addressed["id"])
        inside = addressed["rest"] or "/"
        request = Request("aoss", method, inside, headers, body, query)
        caller: frozenset[str] = _caller(collection, request) if collection else frozenset()
        served = _on_a_thread("aoss", partial(answer, collection, caller))
        answered: RawResponse = await served(method, inside, headers, body, query)
        return answered

    def create_for_vectors(data: Any) -> Any:
        if data.get("type") != "VECTORSEARCH":
            raise serverless._Invalid(f"The twin's collections are of type VECTORSEARCH, not {data.get('type')}.")
        chosen = data.get("encryptionConfig") or {}
        key = chosen.get("kmsKeyArn") or (chosen.get("aWSOwnedKey") and _OWN_KEY) or keys(str(data.get("name")))
        if key and key != _OWN_KEY and (state := key_state(key)) != "Enabled":
            raise serverless._Invalid(f"The KMS key {key} cannot be used: {state or 'there is none'}.")
        return create(data)

    def delete_with_indexes(data: Any) -> Any:
        deleted = delete(data)
        forget(data["id"])
        return deleted

    def detail_from_here(record: Any, fields: Any) -> Any:
        described = detail(record, fields)
        if "collectionEndpoint" in described:  # the port is another one after each start
            described["collectionEndpoint"] = serverless._collection_endpoint(record["id"])
        if "dashboardEndpoint" in described:
            described["dashboardEndpoint"] = f"{serverless._collection_endpoint(record['id'])}/_dashboards"
        return described

    app._handle_special_data_plane_request = by_path
    serverless._HANDLERS["CreateCollection"] = create_for_vectors
    serverless._HANDLERS["DeleteCollection"] = delete_with_indexes
    serverless._collection_endpoint = collection_endpoint
    serverless._collection_detail = detail_from_here


def collection_endpoint(collection: str) -> str:
    """Where a collection is served."""
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}{_PATH}{collection}"


def collection_at(endpoint: str) -> str:
    """The id of the collection that an endpoint leads to, whatever port it names; empty where it leads to none."""
    found = _ADDRESSED.fullmatch(_OLD.sub(_PATH, endpoint))
    return found["id"] if found else ""


def with_endpoints_of_now(text: str) -> str:
    """The text with the endpoints of collections as they are since the emulator was last started."""
    return _OLD.sub(f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}{_PATH}", text)


def collection_of(collection: str) -> Collection | None:
    """A collection of any account and region, or None."""
    record = serverless._find_collection_anywhere(collection)
    if record is None:
        return None
    key = record["kmsKeyArn"]
    return Collection(record["id"], record["name"], record["arn"], record["status"], None if key == _OWN_KEY else key)


def network_policies(arn: str) -> list[Any]:
    """The network policies of a collection's account and region."""
    stored = serverless._security_policies.all_items()
    return [record["policy"] for key, record in stored if _is_beside(key, arn) and record["type"] == "network"]


def data_access_policies(arn: str) -> list[Any]:
    """The data access policies of a collection's account and region."""
    return [record["policy"] for key, record in serverless._access_policies.all_items() if _is_beside(key, arn)]


def collection_tags(arn: str) -> dict[str, str]:
    """The tags of a collection of the caller's account."""
    return {tag["key"]: tag["value"] for tag in serverless._tags.get(arn) or []}


def _is_beside(key: tuple[str, ...], arn: str) -> bool:
    account, region = key[0], key[1]
    return arn.split(":")[3:5] == [region, account]


def _caller(collection: Collection, request: Request) -> frozenset[str]:
    """Who sent a request, if its signature is right and IAM lets them into the collection."""
    iam_evaluator.pin_request_caller(dict(request.headers), dict(request.query))
    signed = serverless._signed_for_aoss(request.headers, request.query)
    here = collection.arn.split(":")[3:5] == [router.extract_region(dict(request.headers)), responses.get_account_id()]
    if not signed or not here:
        return frozenset()
    try:
        may = allowed(request, Permission("aoss:APIAccessAll", collection.arn))
    except ServiceError:
        return frozenset()
    return principals_of(request) if may else frozenset()
