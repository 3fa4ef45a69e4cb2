"""AWS at the client boundary: calls and answers are checked against botocore's models; S3 and SSM hold state."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from botocore.validate import validate_parameters

Params = Mapping[str, Any]
Answerer = Callable[[Params], Mapping[str, Any]]


@dataclass
class Call:
    """One request that reached AWS."""

    service: str
    operation: str
    params: Params


@dataclass
class Cloud:
    """The services that the functions call. An operation that nobody announced fails the test."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _answerers: dict[tuple[str, str], Answerer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, service: str, operation: str, answerer: Answerer) -> None:
        """Answer an operation by a function of its parameters."""
        self._answerers[service, operation] = answerer

    def refuse(self, service: str, operation: str, code: str, message: str = "", **extra: Any) -> None:
        """Answer an operation with an error."""
        self.on(service, operation, lambda _: refusal(operation, code, message, **extra))

    def called(self, service: str, operation: str) -> list[Params]:
        """Give the parameters of every call of an operation."""
        return [call.params for call in self.calls if (call.service, call.operation) == (service, operation)]

    def put(self, bucket: str, key: str, *documents: object) -> None:
        """Store JSON, one document a line."""
        self.objects[bucket, key] = "".join(json.dumps(document) + "\n" for document in documents).encode()

    def document(self, bucket: str, key: str) -> Any:
        """Read one JSON document."""
        return json.loads(self.objects[bucket, key])

    def lines(self, bucket: str, key: str) -> list[Any]:
        """Read JSON lines."""
        return [json.loads(line) for line in self.objects[bucket, key].splitlines()]

    def handle(self, client: Any, operation: str, params: Params) -> Mapping[str, Any]:
        """Stand in for botocore's request, with its checks of what goes out and comes back."""
        service = client.meta.service_model.service_name
        model = client.meta.service_model.operation_model(operation)
        validate_parameters(params, model.input_shape)
        with self._lock:
            self.calls.append(Call(service, operation, params))
        answerer = self._answerers.get((service, operation))
        assert answerer, f"nobody announced {service}:{operation} with {params}"
        answer = answerer(params)
        Stubber(client)._validate_operation_response(operation, {**answer, "ResponseMetadata": {}})
        return answer


def refusal(operation: str, code: str, message: str = "", **extra: Any) -> Mapping[str, Any]:
    """Raise what botocore raises for an error answer."""
    raise ClientError({"Error": {"Code": code, "Message": message}, **extra}, operation)


@pytest.fixture
def fail() -> Callable[..., Mapping[str, Any]]:
    return refusal


def streamed(content: bytes) -> StreamingBody:
    """Give a body as botocore gives it."""
    return StreamingBody(io.BytesIO(content), len(content))


@dataclass
class Context:
    """Lambda's context object; `millis` is what is left at each look."""

    aws_request_id: str = "request-1"
    millis: int = 300_000

    def get_remaining_time_in_millis(self) -> int:
        return self.millis


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud()
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CURATED_BUCKET": "curated",
        "MODELS_BUCKET": "models",
        "RAW_BUCKET": "raw",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        botocore.client.BaseClient,
        "_make_api_call",
        lambda client, operation, params: cloud.handle(client, operation, params),
    )
    _add_s3(cloud)
    cloud.on("ssm", "GetParameter", lambda p: _parameter(cloud, p))
    return cloud


def _add_s3(cloud: Cloud) -> None:
    def list_objects(params: Params) -> Mapping[str, Any]:
        keys = sorted(
            key
            for bucket, key in cloud.objects
            if bucket == params["Bucket"] and key.startswith(params.get("Prefix", ""))
        )
        start = int(params.get("ContinuationToken", 0))
        listed = keys[start : start + 2]
        page = {"Contents": [{"Key": key, "Size": len(cloud.objects[params["Bucket"], key])} for key in listed]}
        if start + 2 < len(keys):
            return {**page, "IsTruncated": True, "NextContinuationToken": str(start + 2)}
        return {**page, "IsTruncated": False}

    def get_object(params: Params) -> Mapping[str, Any]:
        content = cloud.objects.get((params["Bucket"], params["Key"]))
        if content is None:
            return refusal("GetObject", "NoSuchKey", "The specified key does not exist.")
        return {"Body": streamed(content)}

    def put_object(params: Params) -> Mapping[str, Any]:
        body = params["Body"]
        cloud.objects[params["Bucket"], params["Key"]] = body if isinstance(body, bytes) else body.read()
        return {}

    cloud.on("s3", "ListObjectsV2", list_objects)
    cloud.on("s3", "GetObject", get_object)
    cloud.on("s3", "PutObject", put_object)


def _parameter(cloud: Cloud, params: Params) -> Mapping[str, Any]:
    if params["Name"] not in cloud.parameters:
        return refusal("GetParameter", "ParameterNotFound")
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "Parameter": {
            "Name": params["Name"],
            "Value": cloud.parameters[params["Name"]],
            "Version": 1,
            "LastModifiedDate": moment,
        }
    }


INSTRUCTION = "Summarize in one sentence."


def curated(record_id: str, text: str = "Some text here.", target: str = "A summary of it.") -> dict[str, Any]:
    """Give one curated record as preparation writes it."""
    return {
        "record_id": record_id,
        "messages": [
            {"role": "user", "content": f"{INSTRUCTION}\n\n{text}"},
            {"role": "assistant", "content": target},
        ],
        "source": {"key": "news/a.jsonl", "line": 1},
    }


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    return curated


@pytest.fixture
def run() -> dict[str, Any]:
    """The run as `resolve_run` gives it; tests change what they are about."""
    return {
        "run_id": "run-7",
        "execution_arn": "arn:aws:states:eu-west-1:123456789012:execution:fourfold-dev:run-7",
        "dataset": "news",
        "raw_prefix": "news/",
        "curated_prefix": "news/run=run-7/",
        "quarantine_prefix": "news/run=run-7/",
        "models_prefix": "run=run-7/",
        "task": {"kind": "summarization", "instruction": INSTRUCTION},
        "minimum_records": 10,
        "split": {"validation": 0.1, "test": 0.1, "stratify": "none"},
        "metric": "rougeL",
        "floor": 0.3,
        "sample_size": 8,
        "max_output_tokens": 64,
        "candidates": [
            {
                "index": 0,
                "model": "extractive-lead",
                "model_id": "",
                "platform": "lambda",
                "strategy": "extractive",
                "examples": 0,
                "choose": "first",
                "sampling": True,
                "passages": 0,
                "search": "words",
                "price": {"usd_per_second": 0.001},
            },
            {
                "index": 1,
                "model": "nova-micro",
                "model_id": "amazon.nova-micro-v1:0",
                "platform": "bedrock",
                "strategy": "zero-shot",
                "examples": 0,
                "choose": "first",
                "sampling": True,
                "passages": 0,
                "search": "words",
                "price": {"usd_per_1k_input_tokens": 0.5, "usd_per_1k_output_tokens": 2.0},
            },
            {
                "index": 2,
                "model": "nova-micro",
                "model_id": "amazon.nova-micro-v1:0",
                "platform": "bedrock",
                "strategy": "few-shot",
                "examples": 2,
                "choose": "first",
                "sampling": True,
                "passages": 0,
                "search": "words",
                "price": {"usd_per_1k_input_tokens": 0.5, "usd_per_1k_output_tokens": 2.0},
            },
        ],
        "tuning_enabled": True,
        "tuning_service": "sagemaker",
        "customization": None,
        "tuning": {"Epochs": "1"},
        "pipeline_parameters": [{"Name": "Epochs", "Value": "1"}],
        "approval": "manual",
        "champion": None,
        "champion_model_data_url": "none",
        "documents": None,
        "embeddings": None,
        "judge": None,
    }
