"""Models on Bedrock, by Converse and ConverseStream, whose documents go out and come back as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

from lambdas.gateway.exchange import Parameters, Usage
from lambdas.gateway.models import clients
from lambdas.gateway.models.events import events
from lambdas.gateway.models.upstream import Finished, Piece, Tuning, broken_off
from lambdas.shared.direct import read
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.turns import Turn

GUARDRAIL = "guardrail_intervened"
FINISHES = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "filtered",
    GUARDRAIL: "filtered",
}


class BedrockModel:
    """One model.

    Args:
        model_id: model, inference profile, import or custom deployment.
        sampling: whether it takes a temperature and `top_p`.
        streaming: whether it answers ConverseStream.
        prompt_caching: whether to mark the beginning of a prompt, for the model to keep.
    """

    def __init__(self, model_id: str, *, sampling: bool, streaming: bool = True, prompt_caching: bool = False) -> None:
        self._path = f"/model/{quote(model_id, safe='')}"
        self._sampling = sampling
        self.streaming = streaming
        self._prompt_caching = prompt_caching

    def standing(self) -> str | None:
        """Say nothing: Bedrock has no state of a model that is asked on demand."""
        return None

    def pieces(self, turns: Sequence[Turn], parameters: Parameters, tuning: Tuning, *, live: bool) -> Iterator[Piece]:
        """Ask, and give the answer as `Upstream` says."""
        request = self._request(turns, parameters, tuning)
        service = clients.bedrock()
        if not live or not self.streaming:
            return _whole(read("Converse", service.post("Converse", f"{self._path}/converse", request).data))
        if tuning.guardrail:
            # Each piece is checked before it is given on, so that no blocked text reaches anyone.
            request["guardrailConfig"] = {**tuning.guardrail, "streamProcessingMode": "sync"}
        path = f"{self._path}/converse-stream"
        return _streamed(service.post("ConverseStream", path, request, stream=True))

    def _request(self, turns: Sequence[Turn], parameters: Parameters, tuning: Tuning) -> dict[str, object]:
        request: dict[str, object] = {
            "messages": self._messages([turn for turn in turns if turn.role != "system"]),
            "inferenceConfig": self._inference(parameters),
        }
        if system := [{"text": turn.content} for turn in turns if turn.role == "system"]:
            request["system"] = [*system, *self._marker()]
        if tuning.guardrail:
            request["guardrailConfig"] = tuning.guardrail
        if tuning.correlation_id:
            request["requestMetadata"] = {"correlation_id": tuning.correlation_id}
        return request

    def _messages(self, turns: Sequence[Turn]) -> list[dict[str, object]]:
        """Give the messages; what stands before the last question is what the next request repeats."""
        last = len(turns) - 2
        return [
            {"role": turn.role, "content": [{"text": turn.content}, *(self._marker() if place == last else ())]}
            for place, turn in enumerate(turns)
        ]

    def _marker(self) -> list[dict[str, object]]:
        return [{"cachePoint": {"type": "default"}}] if self._prompt_caching else []

    def _inference(self, parameters: Parameters) -> dict[str, object]:
        inference: dict[str, object] = {"maxTokens": parameters.max_tokens}
        if self._sampling and parameters.temperature is not None:
            inference["temperature"] = parameters.temperature
        if self._sampling and parameters.top_p is not None:
            inference["topP"] = parameters.top_p
        if parameters.stop:
            inference["stopSequences"] = list(parameters.stop)
        return inference


def _whole(response: Any) -> Iterator[Piece]:
    try:
        blocks = response["output"]["message"]["content"]
        text = "".join(block["text"] for block in blocks if "text" in block)
        finished = _finished(response.get("stopReason"), response["usage"], response.get("trace"))
    except (KeyError, TypeError, ValueError):
        raise _wrong_form() from None
    yield text
    yield finished


def _streamed(body: Any) -> Iterator[Piece]:
    reason: object = None
    usage: Mapping[str, Any] | None = None
    trace: object = None
    try:
        for kind, event in events(body, "ConverseStream"):
            if kind == "contentBlockDelta":
                if text := _text(event):
                    yield text
            elif kind == "messageStop":
                reason = _member(event, "stopReason")
            elif kind == "metadata":
                usage, trace = _member(event, "usage"), _member(event, "trace")
    finally:
        body.close()
    if reason is None or usage is None:
        raise broken_off("The model's stream")
    yield _finished(reason, usage, trace)


def _text(event: Any) -> str:
    """Give a delta's text; another's, such as of what a model thinks, is none."""
    text = _member(_member(event, "delta"), "text")
    if text is not None and not isinstance(text, str):
        raise _wrong_form()
    return text or ""


def _member(document: Any, name: str) -> Any:
    if not isinstance(document, dict):
        raise _wrong_form()
    return document.get(name)


def _finished(reason: object, usage: Mapping[str, Any], trace: object) -> Finished:
    try:
        counted = Usage(
            int(usage["inputTokens"]),
            int(usage["outputTokens"]),
            int(usage.get("cacheReadInputTokens") or 0),
            int(usage.get("cacheWriteInputTokens") or 0),
        )
    except (KeyError, TypeError, ValueError):
        raise _wrong_form() from None
    if reason == GUARDRAIL and _only_masked(trace):
        return Finished("stop", counted)
    return Finished(FINISHES.get(str(reason), "stop"), counted, blocked=reason == GUARDRAIL)


def _only_masked(trace: Any) -> bool:
    """Whether the guardrail blocked nothing of what it found; where that cannot be told, it did."""
    from lambdas.gateway.guard.guardrail import blocking  # of use where there is a guardrail alone

    try:
        shown = trace["guardrail"]
        found = [*shown.get("inputAssessment", {}).values(), *chain(*shown.get("outputAssessments", {}).values())]
        return bool(found) and not any(blocking(found))
    except (KeyError, TypeError, AttributeError):
        return False


def _wrong_form() -> ServiceCallFailed:
    return ServiceCallFailed(
        "Converse answered without a message or without usage", remedy="Check that the model supports the Converse API."
    )
