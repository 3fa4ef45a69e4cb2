"""Asking the approved model: once, and within the time that API Gateway leaves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from lambdas.gateway.failures import problem_of, too_slow
from lambdas.gateway.problems import Problem, retry_later
from lambdas.gateway.validation import Sampling
from lambdas.shared import aws, environment, log
from lambdas.shared.converse import Answer, converse
from lambdas.shared.embedding import QUERY, Vector, embed
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.fields import Fields
from lambdas.shared.prompts import Turn
from lambdas.shared.targets import BedrockTarget, SageMakerTarget

# With the time that the gateway itself needs, less than API Gateway waits (29 seconds): so that whoever asks gets our
# answer and not its own.
CONNECT_TIMEOUT_SECONDS = 2


def ask(target: SageMakerTarget | BedrockTarget, turns: Sequence[Turn], sampling: Sampling) -> Answer:
    """Send a conversation to the target and give its answer.

    Raises:
        Problem: 400, 413, 429, 502, 503 or 504, as the failure deserves.
    """
    with _explained():
        if isinstance(target, BedrockTarget):
            return _checked(_ask_bedrock(target, turns, sampling))
        return _checked(_ask_endpoint(target, turns, sampling))


def embed_query(model_id: str, text: str) -> Vector:
    """Embed the text that passages are looked for; raises as `ask` does."""
    with _explained():
        return embed(_client("bedrock-runtime"), model_id, text, QUERY).vector


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what a model's call raises into the problem that it deserves."""
    try:
        yield
    except aws.ClientError as failure:
        log.warning("The model refused", error=aws.error_code(failure), reason=aws.error_message(failure))
        raise problem_of(failure) from failure
    except aws.ReadTimeoutError as failure:
        log.warning("The model is too slow", reason=str(failure))
        raise too_slow() from failure
    except aws.NETWORK_ERRORS as failure:
        log.warning("The model cannot be reached", reason=str(failure))
        raise retry_later(HTTPStatus.BAD_GATEWAY, "The model could not be reached.", 5) from failure
    except ServiceCallFailed as failure:
        log.error("The model's answer cannot be read", reason=str(failure))
        raise Problem(HTTPStatus.BAD_GATEWAY, "The model answered in an unexpected form.") from failure


def _checked(answer: Answer) -> Answer:
    """Let no empty text pass for an answer; one that was cut off or filtered says so by its `finish_reason`."""
    if not answer.text and answer.finish == "stop":
        log.warning("The model answered with an empty text", output_tokens=answer.output_tokens)
        raise Problem(HTTPStatus.BAD_GATEWAY, "The model answered with an empty text.")
    return answer


def _ask_bedrock(target: BedrockTarget, turns: Sequence[Turn], sampling: Sampling) -> Answer:
    client = _client("bedrock-runtime")
    temperature: float | None = _temperature(sampling)
    if not target.sampling:
        if sampling.temperature is not None:
            raise Problem(HTTPStatus.BAD_REQUEST, "The approved model takes no temperature: leave 'temperature' out.")
        temperature = None
    return converse(client, target.model_id, turns, max_tokens=sampling.max_tokens, temperature=temperature)


def _temperature(sampling: Sampling) -> float:
    """Give the temperature that is asked for, or else that of the evaluation."""
    return 0.0 if sampling.temperature is None else sampling.temperature


def _ask_endpoint(target: SageMakerTarget, turns: Sequence[Turn], sampling: Sampling) -> Answer:
    """Speak the chat completion protocol that the serving image offers on /invocations."""
    body = {
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "max_tokens": sampling.max_tokens,
        "temperature": _temperature(sampling),
        "stream": False,
    }
    started = time.perf_counter()
    response = _client("sagemaker-runtime").invoke_endpoint(
        EndpointName=target.endpoint,
        ContentType="application/json",
        Accept="application/json",
        Body=json.dumps(body, ensure_ascii=False).encode(),  # an escaped character would take up to twelve bytes
    )
    content = response["Body"].read()
    return _completion(content, time.perf_counter() - started)


def _completion(content: bytes, seconds: float) -> Answer:
    remedy = "Check that the serving image speaks the chat completion protocol."
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise ServiceCallFailed("The endpoint's answer is not JSON", remedy=remedy) from None
    fields = Fields(value, "the endpoint's answer", ServiceCallFailed, remedy)
    choices = fields.items("choices")
    if not choices:
        raise fields.complaint("It has no choice")
    text = choices[0].fields("message").as_dict().get("content")
    if not isinstance(text, str):
        raise fields.complaint("The message has no content")
    usage = fields.fields("usage")
    return Answer(
        text.strip(),
        usage.integer("prompt_tokens"),
        usage.integer("completion_tokens"),
        seconds,
        "length" if choices[0].text("finish_reason", default="stop") == "length" else "stop",
    )


def _client(service: str) -> Any:
    """Give a client that makes one attempt within API Gateway's own limit: the caller decides on more."""
    timeout = environment.integer("MODEL_TIMEOUT_SECONDS", minimum=1, maximum=300, default=25)
    return aws.client(service, connect_timeout=CONNECT_TIMEOUT_SECONDS, read_timeout=timeout, attempts=1)
