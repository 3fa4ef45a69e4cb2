"""The gateway as it is served: uvicorn on a socket, in front of an upstream that answers as a test says."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream, running
from lambdas.gateway.application import Application
from lambdas.gateway.models import approved, chain, clients, standing
from lambdas.gateway.serving import server

ACCOUNT = "123456789012"
PACKAGE = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/fourfold-dev/3"
TUNED = {"kind": "sagemaker", "endpoint": "secret-endpoint", "model_package_arn": PACKAGE, "run_id": "run-7"}
IMPORTED = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:imported-model/abc123def456"
BEDROCK = {"kind": "bedrock", "model_id": IMPORTED, "strategy": "zero-shot", "run_id": "run-2"}
MAX_CHARACTERS = 2000
PRICE = {"input_usd_per_million": 1.0, "output_usd_per_million": 4.0}


def model(name: str, **more: object) -> dict[str, object]:
    """Give a model as the settings have it."""
    return {
        "name": name,
        "platform": "bedrock",
        "model_id": f"amazon.{name}-v1:0",
        "context_tokens": 8192,
        "sampling": True,
        "streaming": True,
        "prompt_caching": False,
        "price": PRICE,
        **more,
    }


def settings(**more: object) -> dict[str, object]:
    """Give the gateway's settings."""
    return {
        "instruction": "Summarize in one sentence.",
        "task_kind": "summarization",
        "limits": {
            "max_input_characters": MAX_CHARACTERS,
            "max_output_tokens": 64,
            "max_chat_tokens": 256,
            "max_document_bytes": 10_000,
            "max_passages": 5,
        },
        "models": [model("first"), model("second")],
        "approved_price": None,
        "endpoint_context_tokens": 4096,
        "fallback": {},
        "embedding": {
            "name": "titan",
            "model_id": "amazon.titan-embed-text-v2:0",
            "dimensions": 2,
            "context_tokens": 8192,
            "price": PRICE,
        },
        "cache": {"exact": True, "ttl_seconds": 3600, "semantic": None},
        "budget": {"caller_usd_per_day": None, "usd_per_day": None},
        "guard": {"attacks": False},
        "least_evidence": 0.31,
        **more,
    }


@dataclass
class Aws:
    """What SSM and S3 hold, and how the endpoint stands; each read of an object or of that is counted."""

    parameters: dict[str, str] = field(default_factory=dict)
    objects: dict[str, object] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    denied: bool = False
    endpoint: str = "InService"
    refusal: tuple[str, str] | None = None

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:
        """Answer a request that goes to neither of the models' services."""
        target = headers.get("x-amz-target", "")
        if target == "AmazonSSM.GetParameter":
            if self.denied:
                return 400, json.dumps({"__type": "AccessDeniedException", "message": f"{PACKAGE} denied"}).encode()
            name = json.loads(body)["Name"]
            value = {"Name": name, "Value": self.parameters[name], "Type": "String", "Version": 1}
            return 200, json.dumps({"Parameter": value}).encode()
        if target == "SageMaker.DescribeEndpoint":
            self.reads.append(json.loads(body)["EndpointName"])
            if self.refusal:
                return 400, json.dumps(dict(zip(("__type", "message"), self.refusal, strict=True))).encode()
            return 200, json.dumps({"EndpointStatus": self.endpoint}).encode()
        if path.startswith("/models/run="):
            self.reads.append(path)
            key = path.partition("?")[0]
            if key not in self.objects:
                return 404, b"<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>"
            return 200, json.dumps(self.objects[key]).encode()
        return None


@dataclass
class Reply:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        """Give the JSON body."""
        return json.loads(self.text)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Give server-sent events by name; those without one are called ``data``."""
        return [_event(block) for block in self.text.split("\n\n") if block.strip()]


def _event(block: str) -> tuple[str, Any]:
    lines = dict(line.split(": ", 1) for line in block.splitlines())
    data = lines["data"]
    return lines.get("event", "data"), data if data == "[DONE]" else json.loads(data)


@dataclass
class Gateway:
    """The running application, and a plain HTTP client of it."""

    port: int
    application: Application

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_idle(self) -> None:
        """Wait until no request is worked on."""
        while self.application._working:
            time.sleep(0.002)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Send a request, and check what every response has."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if headers is None else dict(headers)
        connection.request(method, path, content, given)
        response = connection.getresponse()
        reply = Reply(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()
        )
        connection.close()
        _check(reply)
        return reply

    def post(self, path: str, body: object, **more: Any) -> Reply:
        """Send a JSON body."""
        return self.send("POST", path, body, **more)

    def chat(self, content: str = "hi", **more: object) -> Reply:
        """Ask the first model."""
        messages = [{"role": "user", "content": content}]
        return self.post("/v1/chat/completions", {"model": "first", "messages": messages, **more})


def _check(reply: Reply) -> None:
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"]
    for inside in (ACCOUNT, "secret-endpoint", "Traceback", "botocore"):
        assert inside not in reply.text
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.body["status"] == reply.status
        assert {"type", "title", "detail", "instance"} <= reply.body.keys()
        assert reply.body["instance"] == f"urn:request:{reply.headers['x-request-id']}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running(Upstream()) as started:
        yield started


@pytest.fixture
def store(upstream: Upstream) -> Aws:
    """What SSM and S3 hold; a tuned model is approved."""
    store = Aws({"/target": json.dumps(TUNED)})
    upstream.other = store.answer
    return store


Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Write the gateway's settings anew."""
    count = 0

    def write(**more: object) -> None:
        nonlocal count
        count += 1
        path = tmp_path / f"gateway-{count}.json"
        path.write_text(json.dumps(settings(**more)), encoding="utf-8")
        monkeypatch.setenv("GATEWAY_SETTINGS", str(path))

    return write


@pytest.fixture
def gateway(upstream: Upstream, store: Aws, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "GATEWAY_TABLE", "GUARDRAIL_ID", "STATE_MACHINE_ARN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": upstream.url,
        "TARGET_PARAMETER": "/target",
        "MODELS_BUCKET": "models",
        "SERVICE_NAME": "fourfold-dev",
    }.items():
        monkeypatch.setenv(name, value)
    configure()
    forget()
    with serving(Application()) as started:
        yield started
    forget()


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once where a model throttles."""
    monkeypatch.setattr(chain, "FIRST_PAUSE_SECONDS", 0.0)


@pytest.fixture
def guardrail(gateway: Gateway, store: Aws, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A guardrail that blocks what speaks of bees, where it is applied by itself."""
    monkeypatch.setenv("GUARDRAIL_ID", "gr-1")
    monkeypatch.setenv("GUARDRAIL_VERSION", "2")
    sides: list[str] = []

    def other(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:
        if not path.endswith("/apply"):
            return store.answer(path, headers, body)
        asked = json.loads(body)
        sides.append(asked["source"])
        blocks = "bees" in json.dumps(asked["content"])
        words = {"customWords": [{"match": "bees", "action": "BLOCKED"}], "managedWordLists": []}
        answer: dict[str, Any] = {
            "action": "GUARDRAIL_INTERVENED" if blocks else "NONE",
            "outputs": [{"text": "no"}] if blocks else [],
            "assessments": [{"wordPolicy": words}] if blocks else [],
            "usage": {},
        }
        return 200, json.dumps(answer).encode()

    upstream.other = other
    return sides


def forget() -> None:
    """Let clients and the approved target be looked up anew."""
    approved.forget()
    standing.forget()
    clients.forget()


class serving:  # noqa: N801 - a context manager reads like a function
    """Serve an application from a thread, as `python -m lambdas.gateway` does."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._server = server(application, 0)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Gateway:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.002)
        return Gateway(self._server.servers[0].sockets[0].getsockname()[1], self._application)

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()


def scripted(**more: Any) -> Script:
    """Give a script."""
    return Script(**more)
