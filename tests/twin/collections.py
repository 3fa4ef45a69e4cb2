"""Collections of OpenSearch Serverless that the twin's tests make, and requests to their endpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.twin.helpers import Json, unique
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION

ROOT = f"arn:aws:iam::{ACCOUNT_ID}:root"
FOREVER = "-1"
"""The refresh interval of an index that never finds what was written."""
VECTOR: Json = {
    "Type": "knn_vector",
    "Dimension": 3,
    "Method": {"Name": "hnsw", "Engine": "faiss", "SpaceType": "innerproduct"},
}
FIELDS: Json = {
    "vector": VECTOR,
    "owner": {"Type": "keyword"},
    "page": {"Type": "integer"},
    "text": {"Type": "text", "Index": False},
}


def security_policy(kind: str, policy: Any, name: str) -> Json:
    properties = {"Type": kind, "Name": name, "Policy": json.dumps(policy)}
    return {"Type": "AWS::OpenSearchServerless::SecurityPolicy", "Properties": properties}


def encryption(name: str, **settings: Any) -> Json:
    """A template's encryption policy of a collection."""
    rules = [{"ResourceType": "collection", "Resource": [f"collection/{name}"]}]
    return security_policy("encryption", {"Rules": rules, "AWSOwnedKey": True, **settings}, f"{name}-enc")


def network(name: str, public: bool = True) -> Json:
    """A template's network policy of a collection."""
    rules = [{"ResourceType": "collection", "Resource": [f"collection/{name}"]}]
    sources = {"AllowFromPublic": True} if public else {"SourceVPCEs": ["vpce-050f79086ee71ac05"]}
    return security_policy("network", [{"Rules": rules, **sources}], f"{name}-net")


def access(name: str, *principals: str, permissions: tuple[str, ...] = ("aoss:*",), index: str = "*") -> Json:
    """A template's data access policy of a collection's indexes."""
    rules = [{"ResourceType": "index", "Resource": [f"index/{name}/{index}"], "Permission": list(permissions)}]
    policy = [{"Rules": rules, "Principal": list(principals)}]
    properties = {"Type": "data", "Name": f"{name}-data", "Policy": json.dumps(policy)}
    return {"Type": "AWS::OpenSearchServerless::AccessPolicy", "Properties": properties}


def collection(name: str, **properties: Any) -> Json:
    """A template's collection."""
    wanted = {"Name": name, "Type": "VECTORSEARCH", "StandbyReplicas": "DISABLED", **properties}
    return {
        "Type": "AWS::OpenSearchServerless::Collection",
        "Properties": wanted,
        "DependsOn": ["Encryption", "Network", "Access"],
    }


def index(refresh: str = "1ms", **properties: Any) -> Json:
    """A template's index."""
    wanted = {
        "CollectionEndpoint": {"Fn::GetAtt": ["Collection", "CollectionEndpoint"]},
        "IndexName": "passages",
        "Mappings": {"Properties": FIELDS},
        "Settings": {"Index": {"Knn": True, "RefreshInterval": refresh}},
        **properties,
    }
    return {"Type": "AWS::OpenSearchServerless::Index", "Properties": wanted}


def resources(name: str, *principals: str, **changed: Json) -> dict[str, Json]:
    """All that a collection needs to be used by principals, as resources of a template."""
    return {
        "Encryption": encryption(name),
        "Network": network(name),
        "Access": access(name, *(principals or (ROOT,))),
        "Collection": collection(name),
        "Index": index(),
        **changed,
    }


def a_name() -> str:
    """A collection's name that no other test uses, short enough for its policies."""
    return unique("c")


class Endpoint:
    """A collection's endpoint, as a caller with some credentials meets it."""

    def __init__(self, emulator: Emulator, url: str, environment: Mapping[str, str] | None = None) -> None:
        given = environment or emulator.environment()
        self.url = url
        self._credentials = Credentials(
            given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], given.get("AWS_SESSION_TOKEN")
        )

    def send(
        self, method: str, path: str, body: Any = None, service: str = "aoss", **headers: str
    ) -> requests.Response:
        """The answer to a signed request, or an unsigned one for no service; texts are sent as they are."""
        data = ("" if body is None else body if isinstance(body, str) else json.dumps(body)).encode()
        given = {"x-amz-content-sha256": hashlib.sha256(data).hexdigest(), "Content-Type": "application/json"}
        request = AWSRequest(method, f"{self.url}{path}", headers={**given, **headers}, data=data)
        if service:
            SigV4Auth(self._credentials, service, REGION).add_auth(request)
        return requests.request(method, request.url, headers=dict(request.headers), data=data, timeout=30)

    def add(self, *documents: Json) -> list[str]:
        """Write documents; their ids."""
        answer = self.send("POST", "/_bulk", lines(*documents))
        assert answer.status_code == 200, answer.text
        assert not answer.json()["errors"], answer.text
        return [item["index"]["_id"] for item in answer.json()["items"]]

    def search(self, **body: Any) -> Json:
        """What a search answers."""
        answer = self.send("POST", "/passages/_search", body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["hits"]
        return found

    def count(self) -> int:
        """How many documents searches find."""
        return int(self.send("GET", "/passages/_count").json()["count"])


def lines(*documents: Json, index: str = "passages") -> str:
    """The body of a bulk request that writes documents."""
    return "".join(f"{json.dumps({'index': {'_index': index}})}\n{json.dumps(one)}\n" for one in documents)


def knn(*numbers: float, k: int = 10, **rest: Any) -> Json:
    """A query for the nearest documents."""
    return {"knn": {"vector": {"vector": list(numbers), "k": k, **rest}}}
