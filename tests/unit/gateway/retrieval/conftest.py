"""AWS at the client boundary, as far as documents need it: S3 with conditions, DynamoDB, S3 Vectors, an embedder."""

from __future__ import annotations

import hashlib
import io
import json
import operator
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.validate import validate_parameters

from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval import embeddings
from lambdas.gateway.retrieval.documents import Documents
from lambdas.shared import aws
from lambdas.shared.similarity import WORD

Params = Mapping[str, Any]
DIMENSIONS = 64
ANN, BOB = Caller("user:ann", "user"), Caller("user:bob", "user")


@dataclass(frozen=True)
class Embedding:
    model_id: str = "amazon.titan-embed-text-v2:0"
    dimensions: int = DIMENSIONS


@dataclass(frozen=True)
class Limits:
    max_document_bytes: int = 1_000_000


@dataclass(frozen=True)
class Settings:
    embedding: Embedding | None = Embedding()
    limits: Limits = Limits()


@dataclass
class Account:
    """What lies in the account, and what is to fail; `filters` says whether the vector index heeds the filter."""

    objects: dict[str, bytes] = field(default_factory=dict)
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    vectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    failing: dict[str, Callable[[Params], bool]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    filters: bool = True
    lock: Any = field(default_factory=threading.RLock)

    def clear(self) -> None:
        """Empty the account."""
        self.objects.clear()
        self.items.clear()
        self.vectors.clear()

    def empty(self) -> bool:
        """Whether nothing of any document is left, but for a lexical index without documents."""
        kept = [key for key in self.objects if not key.startswith("lexical/")]
        return not (kept or self.items or self.vectors)

    def call(self, client: Any, operation: str, params: Params) -> Any:
        validate_parameters(params, client.meta.service_model.operation_model(operation).input_shape)
        self.calls.append(operation)
        if operation in self.failing and self.failing[operation](params):
            raise refusal(operation, "InternalServerException", 500)
        with self.lock:
            return getattr(self, f"_{operation}")(params)

    # ---- S3 ---------------------------------------------------------------------------------------------

    def _GetObject(self, params: Params) -> Any:  # noqa: N802
        content = self.objects.get(params["Key"])
        if content is None:
            raise refusal("GetObject", "NoSuchKey", 404)
        if params.get("IfNoneMatch") == etag(content):
            raise refusal("GetObject", "304", 304)
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "ETag": etag(content)}

    def _PutObject(self, params: Params) -> Any:  # noqa: N802
        present = self.objects.get(params["Key"])
        if params.get("IfNoneMatch") == "*" and present is not None:
            raise refusal("PutObject", "PreconditionFailed", 412)
        if "IfMatch" in params and (present is None or etag(present) != params["IfMatch"]):
            raise refusal("PutObject", "PreconditionFailed", 412)
        body = params["Body"]
        self.objects[params["Key"]] = content = body if isinstance(body, bytes) else body.read()
        return {"ETag": etag(content)}

    def _DeleteObject(self, params: Params) -> Any:  # noqa: N802
        self.objects.pop(params["Key"], None)
        return {}

    # ---- DynamoDB ---------------------------------------------------------------------------------------

    def _PutItem(self, params: Params) -> Any:  # noqa: N802
        self._check("PutItem", params, params["Item"])
        self.items[place(params["Item"])] = dict(params["Item"])
        return {}

    def _UpdateItem(self, params: Params) -> Any:  # noqa: N802
        self._check("UpdateItem", params, params["Key"])
        item = self.items[place(params["Key"])]
        assert params["UpdateExpression"] == "SET #state = :ready REMOVE #until"
        item["state"] = params["ExpressionAttributeValues"][":ready"]
        del item["until"]
        return {}

    def _DeleteItem(self, params: Params) -> Any:  # noqa: N802
        self.items.pop(place(params["Key"]), None)
        return {}

    def _Query(self, params: Params) -> Any:  # noqa: N802
        wanted = params["ExpressionAttributeValues"][":pk"]["S"]
        return {"Items": [item for (pk, _), item in sorted(self.items.items()) if pk == wanted]}

    def _check(self, operation: str, params: Params, key: Params) -> None:
        item = self.items.get(place(key))
        names, values = params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})

        def holds(clause: str) -> bool:
            if clause == "attribute_not_exists(pk)":
                return item is None
            left, right = clause.split(" = ")
            return item is not None and item.get(names[left]) == values[right]

        either = params["ConditionExpression"].split(" OR ") if "ConditionExpression" in params else ()
        if either and not any(all(map(holds, both.split(" AND "))) for both in either):
            raise refusal(operation, "ConditionalCheckFailedException", 400)

    # ---- S3 Vectors and the embedding model ---------------------------------------------------------------

    def _PutVectors(self, params: Params) -> Any:  # noqa: N802
        self.vectors.update((vector["key"], vector) for vector in params["vectors"])
        return {}

    def _DeleteVectors(self, params: Params) -> Any:  # noqa: N802
        for key in params["keys"]:
            self.vectors.pop(key, None)
        return {}

    def _QueryVectors(self, params: Params) -> Any:  # noqa: N802
        query = params["queryVector"]["float32"]
        found = [
            {"key": key, "distance": 1 - sum(map(operator.mul, query, vector["data"]["float32"]))}
            for key, vector in self.vectors.items()
            if not self.filters or vector["metadata"]["owner"] == params["filter"]["owner"]
        ]
        nearest = sorted(found, key=lambda one: one["distance"])[: params["topK"]]
        return {"vectors": nearest, "distanceMetric": "cosine"}

    def _InvokeModel(self, params: Params) -> Any:  # noqa: N802
        text = json.loads(params["body"])["inputText"]
        answer = json.dumps({"embedding": embedded(text), "inputTextTokenCount": len(text.split())}).encode()
        return {"body": io.BytesIO(answer), "contentType": "application/json"}


def embedded(text: str) -> list[float]:
    """A vector of which words stand in a text."""
    vector = [0.01] * DIMENSIONS
    for word in WORD.findall(text.casefold()):
        vector[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
    return vector


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()}"'


def place(key: Params) -> tuple[str, str]:
    return key["pk"]["S"], key["sk"]["S"]


def refusal(operation: str, code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account, in place of AWS, and the environment of the function."""
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "DOCUMENTS_BUCKET": "documents",
        "GATEWAY_TABLE": "gateway",
        "VECTOR_BUCKET": "vectors",
        "VECTOR_INDEX": "passages",
    }.items():
        monkeypatch.setenv(name, value)
    account = Account()
    monkeypatch.setattr(embeddings, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *call: account.call(*call))
    aws.forget()
    yield account
    aws.forget()


@pytest.fixture
def documents(account: Account) -> Documents:
    return Documents.from_environment(Settings())
