"""What a model's failures look like from outside: each error of SageMaker or Bedrock as a problem document."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

from botocore.eventstream import ParserError
from botocore.exceptions import EventStreamError
from urllib3.exceptions import ReadTimeoutError

from lambdas.gateway.problems import Problem, retry_later, too_slow
from lambdas.shared import aws, log
from lambdas.shared.errors import ServiceCallFailed
from lambdas.shared.refusals import NO_SUCH_MODEL

# What asking a model raises. A frame of a stream that is not whole is botocore's own error, and none of its others.
MODEL_ERRORS = (*aws.CALL_ERRORS, ServiceCallFailed, OSError, ParserError)
# Of these, what leaves open whether the model goes on: it was asked, and not waited for any longer.
UNANSWERED = (aws.ReadTimeoutError, ReadTimeoutError)

BUSY = {
    "ThrottlingException",
    "TooManyRequestsException",
    "ServiceQuotaExceededException",
}
NOT_READY = {
    "ModelNotReadyException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "InternalDependencyException",
}
SERVICE_FAULTS = {"InternalFailure", "InternalServerException", "InternalStreamFailure"}
# SageMaker calls an endpoint that is not there, or not in service, a ValidationError.
GONE = {"ValidationError", "ResourceNotFoundException"}
TOO_SLOW = {"ModelTimeoutException"}
# The model itself refused the request.
REFUSED_STATUSES = {400, 413, 422}

# llama.cpp's type of error for a prompt that is longer than its context; it comes with both lengths.
EXCEEDS_CONTEXT = "exceed_context_size_error"
# What else says that a request is too long, by who says it; in lower case.
TOO_LONG = (
    EXCEEDS_CONTEXT,
    "has oversize body",  # SageMaker, of a serverless endpoint
    "value at 'body' failed",  # SageMaker
    "is too long",  # Bedrock, and Anthropic's models there
    "exceed context limit",  # Anthropic's models
    "maximum context length",  # others' on Bedrock
    "too many input tokens",  # Titan's embeddings
    "prompt cannot exceed",  # Cohere's
    "expected maxlength",  # Bedrock's check of a body of InvokeModel, by characters
)
# Titan's embeddings name both lengths in the same message.
TITANS_LENGTHS = re.compile(r"max input tokens: (\d{1,9}), request input token count: (\d{1,9})")
# llama.cpp, when the requests that it answers at once outgrow the context that they share: all of them fail.
CROWDED = "context size has been exceeded"


class ServiceFailed(Problem):
    """The model's service failed by a fault of its own: the same request may succeed at once."""

    def __init__(self) -> None:
        detail = "The model's service failed for the moment."
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "5"})


def problem_of(failure: Exception) -> Problem:
    """Give the problem that a failure deserves, 400, 413, 429, 502, 503 or 504, and nothing of the inside.

    The log learns what it was.
    """
    if isinstance(failure, aws.ClientError):
        log.warning("The model refused", error=aws.error_code(failure), reason=aws.error_message(failure))
        return _refusal(failure)
    if isinstance(failure, UNANSWERED):
        log.warning("The model is too slow", reason=str(failure))
        return too_slow()
    if isinstance(failure, (ServiceCallFailed, ParserError)):
        log.error("The model's answer cannot be read", reason=str(failure))
        return Problem(HTTPStatus.BAD_GATEWAY, "The model answered in an unexpected form.")
    log.warning("The model cannot be reached", reason=str(failure))
    return retry_later(HTTPStatus.BAD_GATEWAY, "The model could not be reached.", 5)


def _refusal(failure: aws.ClientError) -> Problem:
    code, words = _code(failure), _words(failure)
    if code == "413" or any(sign in words for sign in TOO_LONG):
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_long(failure))
    if code in BUSY or CROWDED in words:
        return retry_later(HTTPStatus.TOO_MANY_REQUESTS, "The model is busy.", 2)
    if code in NOT_READY:
        return retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "The model is not ready yet.", 10)
    if code in SERVICE_FAULTS:
        return ServiceFailed()
    if code in GONE or (code == "ValidationException" and NO_SUCH_MODEL.search(words)):
        return retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "The model is not in service.", 30)
    if code in TOO_SLOW:
        return too_slow()
    if code == "ValidationException" or failure.response.get("OriginalStatusCode") in REFUSED_STATUSES:
        return Problem(HTTPStatus.BAD_REQUEST, "The model refused the request.")
    return Problem(HTTPStatus.BAD_GATEWAY, "The model failed.")


def _code(failure: aws.ClientError) -> str:
    """Give the error's code; within a stream it begins with a small letter."""
    code = aws.error_code(failure)
    return code[:1].upper() + code[1:] if isinstance(failure, EventStreamError) else code


def _words(failure: aws.ClientError) -> str:
    """Give what the service and, behind it, the model's own server said."""
    return f"{aws.error_message(failure)} {failure.response.get('OriginalMessage', '')}".lower()


def lengths(failure: Exception) -> tuple[int, int] | None:
    """Give how many tokens a request has and how many the model takes, where the model's server told them."""
    if not isinstance(failure, aws.ClientError):
        return None
    if told := TITANS_LENGTHS.search(_words(failure)):
        return int(told[2]), int(told[1])
    try:
        error = json.loads(str(failure.response.get("OriginalMessage", "")))["error"]
        return int(error["n_prompt_tokens"]), int(error["n_ctx"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _too_long(failure: aws.ClientError) -> str:
    """Name the limit, where it is known."""
    if (told := lengths(failure)) is None:
        return "The input is too long for the model."
    given, limit = told
    return f"The input has {given:,} tokens; the model takes {limit:,}, its answer included."
