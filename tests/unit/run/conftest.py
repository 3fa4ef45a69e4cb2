"""An API and an endpoint that answer at once, or as a test wants them to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest
from botocore.credentials import Credentials

from twin.run.api import Api


@dataclass
class FakeApi:
    """What the API answers, and what it was asked: (path, signed?, body)."""

    status: int = 200
    answer: bytes = b'{"output": "an answer"}'
    delay_s: float = 0.0
    asked: list[tuple[str, bool, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def client(self) -> Api:
        return Api(self.url, "us-east-1", Credentials("key", "secret"))


@dataclass
class FakeEndpoint:
    """A sagemaker-runtime client whose endpoint says one thing."""

    text: str = "an answer"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke_endpoint(self, **params: Any) -> dict[str, Any]:
        self.asked.append({**params, "Body": json.loads(params["Body"])})
        answer = {"choices": [{"message": {"content": self.text}}]}
        return {"Body": BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    fake = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            signed = "Authorization" in self.headers
            fake.asked.append((self.path, signed, json.loads(content)))
            time.sleep(fake.delay_s if signed else 0)
            self.send_response(fake.status if signed else 403)
            self.end_headers()
            self.wfile.write(fake.answer)

        def do_GET(self) -> None:
            self.send_response(fake.status if "Authorization" in self.headers else 403)
            self.end_headers()
            self.wfile.write(fake.answer)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()
