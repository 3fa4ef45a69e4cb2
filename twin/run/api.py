"""The deployed API as a client sees it: plain HTTP, signed with SigV4."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIMEOUT_S = 120.0
APPROVED = "approved"
"""What requests call the model that a run put into service."""


class ProbeFailed(RuntimeError):
    """What was deployed did not answer as it should; the message holds the answer."""


class ApiRefused(ProbeFailed):
    """The API answered with an error: its `status`, and in words what its problem document says.

    Args:
        url: what was asked.
        status: the HTTP status.
        answer: the problem document (RFC 9457), or what API Gateway itself answers.
    """

    def __init__(self, url: str, status: int, answer: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = _in_words(status, answer)
        super().__init__(f"POST {url} answered {self.problem}")


def _in_words(status: int, answer: Mapping[str, Any]) -> str:
    """Write `413 Request Entity Too Large: …`, with every field that is wrong."""
    title = answer.get("title") or responses.get(status, "")
    detail = answer.get("detail") or answer.get("message") or json.dumps(answer)[:500]
    errors = answer.get("errors") or []
    fields = f" ({'; '.join(error['detail'] for error in errors)})" if len(errors) > 1 else ""
    return f"{status} {title}".rstrip() + f": {detail}{fields}"


@dataclass(frozen=True)
class Api:
    """The API of one stage.

    Attributes:
        url: as the emulator serves it, with its stage and without a trailing slash.
        region: the region that requests are signed for.
        credentials: who asks.
    """

    url: str
    region: str
    credentials: Credentials

    def ask(self, path: str, body: dict[str, Any]) -> tuple[str, float]:
        """Post a body and return the answer's text, and its latency in milliseconds as the client saw it.

        Raises:
            ApiRefused: the API answered with an error.
            ProbeFailed: it answered without a text.
            OSError: it did not answer.
        """
        url = f"{self.url}{path}"
        request = signed(url, json.dumps(body).encode(), self.region, self.credentials)
        began = time.perf_counter()
        status, answer = post(request)
        latency = (time.perf_counter() - began) * 1000
        if status != 200:
            raise ApiRefused(url, status, answer)
        if not answer.get("output"):
            raise ProbeFailed(f"POST {url} answered {status} without a text: {json.dumps(answer)[:500]}")
        return str(answer["output"]), latency

    def writing(self) -> tuple[str, ...]:
        """Return the names of the models that write answers, which the extractive baseline and embeddings do not.

        Raises:
            ProbeFailed: the API answered without a list of models.
            OSError: it did not answer.
        """
        url = f"{self.url}/v1/models"
        status, answer = post(signed(url, b"", self.region, self.credentials, method="GET"))
        if status != 200:
            raise ProbeFailed(f"GET {url} answered {_in_words(status, answer)}")
        kinds = {entry["id"]: entry["fourfold"]["kind"] for entry in answer["data"]}
        return tuple(name for name, kind in kinds.items() if kind not in (None, "extractive", "embedding"))

    def status_without_credentials(self, path: str) -> int:
        """Return the status that a request without a signature is answered with."""
        headers = {"Content-Type": "application/json"}
        plain = urllib.request.Request(f"{self.url}{path}", data=b"{}", headers=headers, method="POST")  # noqa: S310
        status, _ = post(plain)
        return status


def signed(
    url: str, body: bytes, region: str, credentials: Credentials, method: str = "POST"
) -> urllib.request.Request:
    """Return a request with a JSON body, signed with SigV4 for API Gateway."""
    request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return urllib.request.Request(url, data=body, headers=dict(request.headers), method=method)  # noqa: S310


def post(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status with the JSON body, also for an error status.

    Raises:
        OSError: nothing answered, or not in time.
    """
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {"detail": text.decode()}
