"""Use what was deployed as a client would: the endpoint through boto3, the API over plain HTTP with SigV4."""

from __future__ import annotations

import json
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from twin.emulator import Emulator

Show = Callable[[int, int], None]
TIMEOUT_S = 120.0


class ProbeFailed(RuntimeError):
    """What was deployed did not answer as it should; the message holds the answer."""


@dataclass(frozen=True)
class Probed:
    """What the requests showed. Latencies are in milliseconds, per request, as the client saw them.

    Attributes:
        endpoint: the SageMaker endpoint's name, or None where no endpoint serves.
        requests: how many requests were answered.
        latency_ms_p50: the median latency.
        unauthorized_status: what the API answers without credentials.
    """

    endpoint: str | None
    requests: int
    latency_ms_p50: float
    unauthorized_status: int
    examples: list[dict[str, str]]


def signed(
    url: str, body: bytes, region: str, credentials: Credentials, method: str = "POST"
) -> urllib.request.Request:
    """Return a request with a JSON body, signed with SigV4 for API Gateway."""
    request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return urllib.request.Request(url, data=body, headers=dict(request.headers), method=method)  # noqa: S310


def post(request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status with the JSON body, also for an error status."""
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {"detail": text.decode()}


def probe(emulator: Emulator, api_url: str, endpoint: str | None, records: list[dict[str, Any]], show: Show) -> Probed:
    """Ask the API, and the endpoint where there is one, to answer each record.

    Args:
        emulator: the running emulator.
        api_url: the API's URL as the emulator serves it, with its stage and without a trailing slash.
        endpoint: the endpoint's name, or None.
        records: curated records; the user's turn is the prompt.
        show: told how many of how many requests were answered.

    Raises:
        ProbeFailed: an answer was an error, or empty.
    """
    session = boto3.Session(
        aws_access_key_id=emulator.environment()["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator.environment()["AWS_SECRET_ACCESS_KEY"],
    )
    credentials = session.get_credentials()
    url = f"{api_url}/v1/generate"
    latencies: list[float] = []
    examples: list[dict[str, str]] = []
    for record in records:
        prompt, reference = (message["content"] for message in record["messages"])
        body = json.dumps({"prompt": prompt, "temperature": 0}).encode()
        request = signed(url, body, emulator.environment()["AWS_DEFAULT_REGION"], credentials)
        began = time.perf_counter()
        status, answer = post(request)
        latencies.append((time.perf_counter() - began) * 1000)
        if status != 200 or not answer.get("output"):
            raise ProbeFailed(f"POST {url} answered {status}: {json.dumps(answer)[:500]}")
        examples.append({"prompt": prompt, "reference": reference, "output": answer["output"]})
        if endpoint is not None:
            latencies.append(ask_endpoint(emulator, endpoint, prompt))
        show(len(examples), len(records))
    plain = urllib.request.Request(  # noqa: S310
        url, data=b"{}", headers={"Content-Type": "application/json"}, method="POST"
    )
    refused, _ = post(plain)
    return Probed(endpoint, len(latencies), statistics.median(latencies), refused, examples)


def ask_endpoint(emulator: Emulator, endpoint: str, prompt: str) -> float:
    """Invoke the endpoint with an OpenAI chat body and return the latency in milliseconds."""
    body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": 64}
    began = time.perf_counter()
    answer = emulator.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=json.dumps(body).encode()
    )
    text = json.load(answer["Body"])["choices"][0]["message"]["content"]
    latency = (time.perf_counter() - began) * 1000
    if not text.strip():
        raise ProbeFailed(f"The endpoint {endpoint} answered with an empty text.")
    return latency
