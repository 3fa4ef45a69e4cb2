"""The workflow's own endpoint on SageMaker, by the chat completion protocol that its image offers on /invocations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lambdas.gateway.exchange import Parameters, Usage
from lambdas.gateway.models import clients, standing
from lambdas.gateway.models.upstream import Finished, Piece, Tuning, broken_off
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.fields import Fields
from lambdas.shared.turns import Turn

REMEDY = "Check that the serving image speaks the chat completion protocol."
DATA, DONE = b"data:", b"[DONE]"


class EndpointModel:
    """The model of one endpoint."""

    streaming = True

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def standing(self) -> str | None:
        """Say how the endpoint stands."""
        return standing.standing(self._endpoint)

    def pieces(self, turns: Sequence[Turn], parameters: Parameters, tuning: Tuning, *, live: bool) -> Iterator[Piece]:
        """Ask, and give the answer as `Upstream` says."""
        client = clients.runtime("sagemaker-runtime")
        request: dict[str, object] = {
            "EndpointName": self._endpoint,
            "ContentType": "application/json",
            "Accept": "application/json",
            # Unescaped: an escaped character would take up to twelve bytes.
            "Body": json.dumps(_body(turns, parameters, live), ensure_ascii=False).encode(),
        }
        if tuning.correlation_id:
            request["InferenceId"] = tuning.correlation_id
        if live:
            return _streamed(client.invoke_endpoint_with_response_stream(**request)["Body"])
        return _whole(client.invoke_endpoint(**request)["Body"].read())


def _body(turns: Sequence[Turn], parameters: Parameters, live: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "max_tokens": parameters.max_tokens,
        "stream": live,
    }
    if live:
        body["stream_options"] = {"include_usage": True}
    chosen = {"temperature": parameters.temperature, "top_p": parameters.top_p, "seed": parameters.seed}
    body |= {name: value for name, value in chosen.items() if value is not None}
    if parameters.stop:
        body["stop"] = list(parameters.stop)
    return body


def _whole(content: bytes) -> Iterator[Piece]:
    fields = _fields(content)
    choices = fields.items("choices")
    if not choices:
        raise fields.complaint("It has no choice")
    text = choices[0].fields("message").as_dict().get("content")
    if not isinstance(text, str):
        raise fields.complaint("The message has no content")
    finished = Finished(_finish(choices[0].text("finish_reason", default="stop")), _usage(fields.fields("usage")))
    yield text
    yield finished


def _streamed(events: Any) -> Iterator[Piece]:
    finish: str | None = None
    usage = Usage()
    try:
        for line in _lines(events):
            data = line[len(DATA) :].strip()
            if not line.startswith(DATA) or data == DONE:
                continue
            fields = _fields(data)
            if "error" in fields:
                raise fields.complaint("It tells of an error instead of going on")
            if "usage" in fields:
                usage = _usage(fields.fields("usage"))
            for choice in fields.items("choices"):
                text = choice.fields("delta").as_dict().get("content") if "delta" in choice else None
                if isinstance(text, str) and text:
                    yield text
                finish = choice.text("finish_reason", default=finish or "") or finish
    finally:
        events.close()
    if finish is None:
        raise broken_off("The endpoint's stream")
    yield Finished(_finish(finish), usage)


def _lines(events: Any) -> Iterator[bytes]:
    """Put together the lines of server-sent events; a part of the payload may end anywhere."""
    rest = b""
    for event in events:
        if "PayloadPart" not in event:
            raise ServiceCallFailed(
                f"The endpoint's stream failed: {', '.join(event)}", remedy="Read the endpoint's log."
            )
        *lines, rest = (rest + event["PayloadPart"]["Bytes"]).split(b"\n")
        yield from lines
    yield rest


def _fields(content: bytes) -> Fields:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise ServiceCallFailed("The endpoint's answer is not JSON", remedy=REMEDY) from None
    return Fields(value, "the endpoint's answer", ServiceCallFailed, REMEDY)


def _usage(fields: Fields) -> Usage:
    return Usage(fields.integer("prompt_tokens"), fields.integer("completion_tokens"))


def _finish(reason: str) -> str:
    return {"length": "length", "content_filter": "filtered"}.get(reason, "stop")
