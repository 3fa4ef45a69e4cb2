"""sagemaker-runtime: InvokeEndpoint and InvokeEndpointWithResponseStream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from twin import event_stream
from twin.emulator.hooks import Request, Response, ServiceError, Stream
from twin.model_server import ModelServerError
from twin.model_server.streaming import AnswerStream
from twin.sagemaker.call import Call
from twin.sagemaker.serving.fleet import Fleet, ThrottledError
from twin.sagemaker.serving.rollout import fleet_of

_TIMEOUT_S = 60.0
_HEADER = "x-amzn-sagemaker-"
# What a request may carry; every other such header asks for something that is not served here.
_HONOURED = ("accept", "custom-attributes", "inference-id", "target-variant")
_VARIANT = "x-Amzn-Invoked-Production-Variant"
_JSON = "application/json"
_PART = {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}
_MODEL_ERROR = 424
_PATH = re.compile(r"/endpoints/(?P<name>[^/]+)/(?P<action>.+)")


def is_invocation(request: Request) -> bool:
    """Whether a request is one of the runtime's, which are addressed by path.

    The control plane has the one path `/`. Any other counts here, so that no operation is judged by its path and
    done by its target.
    """
    return request.path not in ("", "/")


def invoke_endpoint(request: Request) -> Response | Stream:
    """The container's answer, whole or as it comes, or an error that tells the container's from the caller's."""
    matched = _PATH.fullmatch(request.path)
    if not matched:
        raise ServiceError("UnknownOperationException", f"{request.method} {request.path} is not served here.", 404)
    name, action = matched["name"], matched["action"]
    answering = _ACTIONS.get(action)
    if answering is None:
        raise ServiceError("ValidationError", f"{action} is not supported here: endpoints answer at once.")
    fleet = fleet_of(Call.of(request, {}).scope.arn("endpoint", name))
    if fleet is None:
        raise ServiceError("ValidationError", f"Endpoint {name} of account {request.account} not found.")
    _check(request, fleet)
    try:
        return answering(request, fleet)
    except ThrottledError as error:
        raise ServiceError("ThrottlingException", "Rate exceeded", 429) from error
    except TimeoutError:
        return _model_error(request, fleet, 0, "", _TOO_SLOW)
    except ModelServerError as error:
        return _model_error(request, fleet, 500, str(error))


def _whole(request: Request, fleet: Fleet) -> Response:
    answer = fleet.invoke(request.body, _content_type(request), _TIMEOUT_S)
    if answer.status >= 400:
        return _model_error(request, fleet, answer.status, answer.body.decode(errors="replace"))
    headers = {"Content-Type": answer.content_type, _VARIANT: fleet.variant["VariantName"]}
    return Response(answer.body, 200, headers)


def _streamed(request: Request, fleet: Fleet) -> Response | Stream:
    answer, ended = fleet.stream(request.body, _content_type(request), _TIMEOUT_S)
    if answer.refusal is not None:
        ended()
        return _model_error(request, fleet, answer.refusal.status, answer.refusal.body.decode(errors="replace"))

    def cancel() -> None:
        answer.cancel()
        ended()

    headers = {
        "Content-Type": event_stream.CONTENT_TYPE,
        "X-Amzn-SageMaker-Content-Type": answer.content_type,
        _VARIANT: fleet.variant["VariantName"],
    }
    return Stream(_parts(answer, ended), cancel, headers)


def _parts(answer: AnswerStream, ended: Callable[[], None]) -> Iterator[bytes]:
    """Each line as a part; on AWS a part ends anywhere."""
    try:
        for line in answer.lines():
            yield event_stream.frame(_PART, line)
    except TimeoutError:
        yield _stream_error("ModelInvocationTimeExceeded", "The model did not finish in time.")
    except ModelServerError as error:
        yield _stream_error("StreamBroken", str(error))
    finally:
        ended()


def _stream_error(code: str, message: str) -> bytes:
    headers = {":exception-type": "ModelStreamError", ":content-type": _JSON, ":message-type": "exception"}
    return event_stream.frame(headers, json.dumps({"ErrorCode": code, "Message": message}).encode())


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", _JSON)


_ACTIONS: Mapping[str, Callable[[Request, Fleet], Response | Stream]] = {
    "invocations": _whole,
    "invocations-response-stream": _streamed,
}
_TOO_SLOW = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


def _check(request: Request, fleet: Fleet) -> None:
    if len(request.body) > fleet.most_payload:
        raise ServiceError(
            "ValidationError",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {fleet.most_payload}",
        )
    for header in request.headers:
        option = header.lower().removeprefix(_HEADER)
        if option != header.lower() and option not in _HONOURED:
            raise ServiceError("ValidationError", f"The header {header} is not supported here.")
    wanted = request.headers.get(f"{_HEADER}target-variant")
    if wanted and wanted != fleet.variant["VariantName"]:
        raise ServiceError("ValidationError", f"Variant {wanted} of the endpoint was not found.")


def _model_error(request: Request, fleet: Fleet, status: int, original: str, message: str = "") -> Response:
    """ModelError: the container answered with an error, or not at all."""
    group = fleet.container.log_group
    side = "client" if 400 <= status < 500 else "server"
    where = (
        f"See https://{request.region}.console.aws.amazon.com/cloudwatch/home?region={request.region}"
        f"#logEventViewer:group={group} in account {request.account} for more information."
    )
    body: dict[str, Any] = {
        "__type": "ModelError",
        "ErrorCode": f"{side.upper()}_ERROR_FROM_MODEL",
        "Message": message or f'Received {side} error ({status}) from primary with message "{original}". {where}',
        "OriginalMessage": original,
        "OriginalStatusCode": status,
        "LogStreamArn": f"arn:aws:logs:{request.region}:{request.account}:log-group:{group}",
    }
    headers = {"Content-Type": _JSON, "x-amzn-ErrorType": "ModelError"}
    return Response(json.dumps(body).encode(), _MODEL_ERROR, headers)
