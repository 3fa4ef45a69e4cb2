"""Use what was deployed as a client would: the API over HTTP, and the endpoint behind it through boto3."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdk_app.settings import Settings
from twin.run.api import Api, ProbeFailed
from twin.run.questions import body, conversations_among, route

Show = Callable[[int, int], None]
Record = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """The SageMaker endpoint by its name, with the client that invokes it."""

    name: str
    client: Any

    def ask(self, prompt: str, max_tokens: int) -> float:
        """Invoke it with an OpenAI chat body and return the latency in milliseconds.

        Raises:
            ProbeFailed: the answer has no text.
            botocore.exceptions.ClientError: the service refused.
        """
        chat = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": max_tokens}
        began = time.perf_counter()
        answer = self.client.invoke_endpoint(
            EndpointName=self.name, ContentType="application/json", Body=json.dumps(chat).encode()
        )
        text = json.load(answer["Body"])["choices"][0]["message"]["content"]
        latency = (time.perf_counter() - began) * 1000
        if not text.strip():
            raise ProbeFailed(f"The endpoint {self.name} answered with an empty text.")
        return latency


@dataclass(frozen=True)
class Probed:
    """What the requests showed. Latencies are in milliseconds, per request, as the client saw them.

    Attributes:
        route: the API's path that was asked; of pairs, some in turns and some not, the first one's.
        requests: how many requests the API answered.
        latency_ms_p50: the API's median latency.
        endpoint: the SageMaker endpoint's name, or None where no endpoint serves.
        endpoint_requests: how many requests the endpoint answered directly, without the API before it.
        endpoint_latency_ms_p50: the endpoint's own median latency; None where it was not asked.
        unauthorized_status: what the API answers without credentials.
        examples: what the API answered: prompt, reference and output.
        conversations: whether the records are conversations, of which the user's last turn alone was asked.
    """

    route: str
    requests: int
    latency_ms_p50: float
    endpoint: str | None
    endpoint_requests: int
    endpoint_latency_ms_p50: float | None
    unauthorized_status: int
    examples: list[dict[str, str]]
    conversations: bool = False


def probe(
    api: Api,
    endpoint: Endpoint | None,
    settings: Settings,
    target: Mapping[str, Any],
    records: Sequence[Record],
    show: Show,
) -> Probed:
    """Ask the API, and the endpoint where there is one, to answer held-out records.

    Each is asked for records of its own: servers remember prompts, and who asks second would seem faster.

    Args:
        api: the deployed API.
        endpoint: the endpoint that serves the approved target, or None.
        settings: what was deployed.
        target: the approved target, as the gateway reads it.
        records: curated records; the user's last turn is the prompt. A single one is asked of both.
        show: told how many of how many requests were answered.

    Raises:
        ProbeFailed: an answer was an error, or empty, or there is nothing to ask.
        OSError, botocore.exceptions.ClientError: nothing answered, or the service refused.
    """
    if not records:
        raise ProbeFailed("The test split holds no record to ask. Enlarge data.split.test, or add data.")
    of_api, of_endpoint = shares(records) if endpoint else (records, [])
    in_turns = conversations_among(settings, of_api)
    path, total = route(settings.task, target, in_turns[0]), len(of_api) + len(of_endpoint)
    latencies: list[float] = []
    examples: list[dict[str, str]] = []
    for record, conversation in zip(of_api, in_turns, strict=True):
        prompt, reference = (message["content"] for message in record["messages"][-2:])
        asked = body(settings.task, target, prompt, conversation)
        output, latency = api.ask(route(settings.task, target, conversation), asked)
        latencies.append(latency)
        examples.append({"prompt": prompt, "reference": reference, "output": output})
        show(len(latencies), total)
    of_its_own: list[float] = []
    if endpoint is not None:
        for record in of_endpoint:
            of_its_own.append(endpoint.ask(record["messages"][-2]["content"], settings.serving.max_output_tokens))
            show(len(latencies) + len(of_its_own), total)
    return Probed(
        route=path,
        requests=len(latencies),
        latency_ms_p50=statistics.median(latencies),
        endpoint=endpoint.name if endpoint else None,
        endpoint_requests=len(of_its_own),
        endpoint_latency_ms_p50=statistics.median(of_its_own) if of_its_own else None,
        unauthorized_status=api.status_without_credentials(path),
        examples=examples,
        conversations=any(in_turns),
    )


def shares(records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record]]:
    """Divide the records between the API and the endpoint; a single one is for both."""
    return records[0::2], records[1::2] or records
