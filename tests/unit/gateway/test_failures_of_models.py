"""Each failure of a model has its status, and what it says of the inside stays in the log."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models.failures import problem_of
from tests.unit.gateway.conftest import ACCOUNT, Gateway


def refusal(code: str, message: str = "", **extra: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **extra}, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("code", "extra", "status"),
    [
        ("ThrottlingException", {}, 429),
        ("ModelNotReadyException", {}, 503),
        ("ServiceUnavailable", {}, 503),
        ("ValidationError", {}, 503),
        ("ModelError", {"OriginalStatusCode": 400}, 400),
        ("ModelError", {"OriginalStatusCode": 500}, 502),
        ("AccessDeniedException", {}, 502),
        ("InternalFailure", {}, 503),
        ("413", {}, 413),
        ("ValidationException", {}, 400),
        ("ResourceNotFoundException", {}, 503),
        ("ModelTimeoutException", {}, 504),
        ("ModelErrorException", {}, 502),
        ("ServiceUnavailableException", {}, 503),
        ("InternalServerException", {}, 503),
    ],
)
def test_a_model_s_failures_have_a_status_and_no_detail_of_the_inside(
    code: str, extra: dict[str, Any], status: int
) -> None:
    problem = problem_of(refusal(code, f"secret-endpoint of {ACCOUNT} failed", **extra))

    assert problem.status == status
    assert ("Retry-After" in problem.headers) == (status in (429, 503, 504))
    assert ACCOUNT not in json.dumps(problem.document("urn:x"))


def model_error(status: int, kind: str, message: str, **more: int) -> dict[str, Any]:
    """Give what SageMaker adds to its ModelError, of an answer as llama.cpp gives it."""
    answer = {"error": {"code": status, "message": message, "type": kind, **more}}
    return {"OriginalStatusCode": status, "OriginalMessage": json.dumps(answer)}


@pytest.mark.parametrize("status", [400, 500])
def test_a_prompt_that_exceeds_the_served_context_is_the_caller_s_problem_and_names_the_limit(status: int) -> None:
    """Whichever status the server has for it: that differs by version."""
    message = "request (4310 tokens) exceeds the available context size (4096 tokens), try increasing it"
    exceeded = model_error(status, "exceed_context_size_error", message, n_prompt_tokens=4310, n_ctx=4096)

    problem = problem_of(refusal("ModelError", f"secret-endpoint of {ACCOUNT}", **exceeded))

    assert problem.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert problem.detail == "The input has 4,310 tokens; the model takes 4,096, its answer included."


@pytest.mark.parametrize("original", ["exceed_context_size_error, as text", '{"error": "exceed_context_size_error"}'])
def test_a_prompt_that_is_too_long_is_told_even_where_the_model_s_server_names_no_limit(original: str) -> None:
    problem = problem_of(refusal("ModelError", OriginalStatusCode=400, OriginalMessage=original))

    assert (problem.status, problem.detail) == (413, "The input is too long for the model.")


def test_requests_that_outgrow_the_context_together_may_come_again() -> None:
    problem = problem_of(refusal("ModelError", **model_error(500, "server_error", "Context size has been exceeded.")))

    assert problem.status == 429
    assert problem.headers["Retry-After"]


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("ValidationError", "Request 5f2b has oversize body.", 413),
        (
            "ValidationError",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            "Member must have length less than or equal to 4194304",
            413,
        ),
        ("ValidationException", "Input is too long for requested model.", 413),
        (
            "ValidationException",
            "The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum",
            413,
        ),
        (
            "ValidationException",
            "The model returned the following errors: input length and `max_tokens` exceed context limit: 9 + 4 > 12",
            413,
        ),
        ("ValidationException", "This model's maximum context length is 8192 tokens. Please reduce the length", 413),
        (
            "ValidationException",
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9000",
            413,
        ),
        (
            "ValidationException",
            "too many tokens: total number of tokens in the prompt cannot exceed 512 - received 700.",
            413,
        ),
        ("ValidationException", "Malformed input request: expected maxLength: 50000, actual: 60000", 413),
        ("ThrottlingException", "Too many tokens, please wait before trying again.", 429),
        ("ValidationException", "The provided model identifier is invalid.", 503),
        ("ValidationException", "Invocation of a custom model with on-demand throughput isn't supported.", 503),
        ("ValidationException", "Operation not allowed", 503),
    ],
)
def test_a_request_that_is_too_long_and_a_model_that_is_gone_are_told_apart_by_their_words(
    code: str, message: str, status: int
) -> None:
    assert problem_of(refusal(code, message)).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": {"content": null}}]}',
    ],
)
@pytest.mark.parametrize("model", ["approved", "first"])
def test_a_model_that_answers_in_another_form_is_a_bad_gateway(
    gateway: Gateway, upstream: Upstream, body: bytes, model: str
) -> None:
    upstream.scripted(Script(body=body))

    reply = gateway.post("/v1/summarize", {"text": "x", "model": model})

    assert reply.status == 502


def test_a_model_that_cannot_be_reached_is_a_bad_gateway(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.send("GET", "/v1/models")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    reply = gateway.post("/v1/generate", {"prompt": "x", "model": "first"})

    assert (reply.status, reply.body["detail"]) == (502, "The model could not be reached.")


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_stalls_is_waited_for_no_longer_than_a_read_may_take(
    gateway: Gateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    monkeypatch.setenv("MODEL_TIMEOUT_SECONDS", "1")
    upstream.scripted(Script(stalls=True))

    reply = gateway.chat(stream=stream)

    assert reply.status == 504
    assert reply.headers["retry-after"]


def test_text_goes_to_the_endpoint_unescaped_so_that_it_stays_within_its_payload(
    gateway: Gateway, upstream: Upstream
) -> None:
    gateway.post("/v1/summarize", {"text": "über 🦙"})

    content = json.dumps(upstream.asked[0].body, ensure_ascii=False).encode()
    assert int(upstream.asked[0].headers["content-length"]) == len(content)
