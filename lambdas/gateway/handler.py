"""The HTTP API in front of the approved model, as an API Gateway REST proxy integration.

``POST /v1/summarize`` ``{"text", "max_tokens"?, "temperature"?}`` and ``POST /v1/generate`` ``{"prompt" |
"messages", "max_tokens"?, "temperature"?}`` answer ``{"id", "model", "run_id", "output", "finish_reason", "usage":
{"input_tokens", "output_tokens"}, "latency_ms"}``; ``GET /v1/models`` answers ``{"data": [{"id", "kind",
"run_id"}]}``. Every error is a problem document (RFC 9457), and nothing of the inside is in it: that goes to the
log, under the request's id.

Event: a REST proxy event. Result: a proxy response.
Environment: TARGET_PARAMETER, TASK_INSTRUCTION, MAX_INPUT_CHARACTERS, MAX_OUTPUT_TOKENS, MODELS_BUCKET,
SERVICE_NAME, MODEL_TIMEOUT_SECONDS (default 25).
IAM: ssm:GetParameter on the target parameter; sagemaker:InvokeEndpoint on the endpoint; bedrock:InvokeModel on the
candidates' models; s3:GetObject and kms:Decrypt on run=*/candidates/* of the models bucket.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from http import HTTPStatus

from lambdas.gateway import metrics, routes
from lambdas.gateway.problems import Problem
from lambdas.gateway.request import parse_request
from lambdas.shared import environment, log
from lambdas.shared.function import Context, Event

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
UNKNOWN = "unknown"
APOLOGY = "Something went wrong here. Quote the instance when you report it."


def handle(event: Event, context: Context) -> dict[str, object]:
    """Answer one HTTP request, whatever happens."""
    started = time.perf_counter()
    exchange = _Exchange(context.aws_request_id)
    try:
        exchange.answer(event)
    except Problem as problem:
        exchange.fail(problem)
    except Exception as failure:
        # The last line of defence: the log learns everything, the caller only that it happened.
        log.error(str(failure), error=type(failure).__name__, traceback=traceback.format_exc())
        exchange.fail(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, APOLOGY))
    exchange.account((time.perf_counter() - started) * 1000)
    return exchange.response()


class _Exchange:
    """One request and what has become of it."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._correlation_id = request_id
        self._service = UNKNOWN
        self._route = UNKNOWN
        self._status = HTTPStatus.OK
        self._reply = routes.Reply({})
        self._headers = {**HEADERS, "Content-Type": "application/json"}
        log.bind(request_id=request_id)

    def answer(self, event: Mapping[str, object]) -> None:
        """Read the request and answer it."""
        self._service = environment.required("SERVICE_NAME")
        request = parse_request(event)
        self._request_id, self._correlation_id = request.request_id, request.correlation_id
        log.bind(request_id=self._request_id, correlation_id=self._correlation_id)
        route = routes.find(request)
        self._route = route.name if route else UNKNOWN
        self._reply = routes.answer(request, route)

    def fail(self, problem: Problem) -> None:
        """Answer with a problem instead."""
        self._status = problem.status
        self._reply = routes.Reply(problem.document(f"urn:request:{self._request_id}"))
        self._headers |= {"Content-Type": "application/problem+json", **problem.headers}

    def account(self, millis: float) -> None:
        """Log the request and write its metrics; what was asked and answered stays out of both."""
        reply, status = self._reply, int(self._status)
        log.info("Request", route=self._route, status=status, millis=round(millis, 1), model=reply.model)
        metrics.emit(self._service, self._route, status, millis, reply.answer)

    def response(self) -> dict[str, object]:
        """Give the proxy response."""
        identity = {"X-Request-Id": self._request_id, "X-Correlation-Id": self._correlation_id}
        return {
            "statusCode": int(self._status),
            "headers": {**self._headers, **identity},
            "body": json.dumps(self._reply.body, ensure_ascii=False),
            "isBase64Encoded": False,
        }
