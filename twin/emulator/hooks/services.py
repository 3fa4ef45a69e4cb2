"""Serve a service, or one operation of one, in place of the emulator's own handler."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import concurrency, responses, router

from twin.cancellation import Cancellation, detached
from twin.emulator.hooks.streams import Stream, cancel_when_client_leaves, stream_as_raw

Json = dict[str, Any]


class ServiceError(Exception):
    """An error that a service answers with: AWS's `code`, a `message` and the HTTP `status`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Request:
    """One API request. Header names are in lower case; `query` holds a list for every key."""

    service: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def operation(self) -> str | None:
        """The operation of a JSON or query protocol request; None for REST services, which have paths."""
        target = self.headers.get("x-amz-target", "")
        return target.rpartition(".")[2] or (self.parameters.get("Action") if self.is_form else None)

    @property
    def is_form(self) -> bool:
        """Whether the body is a form, as the query protocol (CloudFormation, SNS, IAM) sends it."""
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")

    @property
    def parameters(self) -> Json:
        """The request's parameters: its JSON object, or the fields of its form.

        Raises ServiceError SerializationException when the body is neither.
        """
        if self.is_form:
            return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError as error:
            raise ServiceError("SerializationException", f"The request body is not JSON: {error}") from error
        if not isinstance(parsed, dict):
            raise ServiceError("SerializationException", "The request body is not a JSON object.")
        return parsed

    @property
    def account(self) -> str:
        """The account of the caller, twelve digits."""
        return str(responses.get_account_id())

    @property
    def region(self) -> str:
        """The region that the request was signed for."""
        return str(responses.get_region())


@dataclass(frozen=True)
class Response:
    """An answer with a body that is not JSON, or with headers of its own."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


Answer = Response | Stream | Mapping[str, Any]
Handler = Callable[[Request], Answer]
RawResponse = tuple[int, dict[str, str], Any]
RawHandler = Callable[..., Any]
_S3_CONTROL = "/v20180820/"


def as_raw(answer: Answer) -> RawResponse:
    """The emulator's form of an answer; dates become epoch seconds, as AWS's JSON protocols send them."""
    if isinstance(answer, Stream):
        return stream_as_raw(answer)
    if isinstance(answer, Response):
        return answer.status, dict(answer.headers), answer.body
    body = json.dumps(answer, default=lambda value: value.timestamp()).encode()
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, body


def error_as_raw(error: ServiceError) -> RawResponse:
    """An error in the form that both JSON and REST-JSON clients read."""
    body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return error.status, headers, body


def add_service(name: str, handler: Handler, target_prefix: str | None = None) -> None:
    """Serve a whole service: `name` is its signing name, `target_prefix` the one of its X-Amz-Target.

    Replaces what the emulator had under that name. The handler answers with a mapping (sent as JSON), a
    Response or a Stream, or raises ServiceError.
    """
    app.SERVICE_HANDLERS[name] = _on_a_thread(name, handler)
    prefixes = {"target_prefixes": [f"{target_prefix}."]} if target_prefix else {}
    router.SERVICE_PATTERNS.setdefault(name, {}).update(prefixes)


def override(service: str, operation: str, handler: Handler) -> None:
    """Serve one operation of a service that the emulator has; its other operations stay as they are."""
    before = app.SERVICE_HANDLERS[service]
    mine = _on_a_thread(service, handler)

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> RawResponse:
        request = Request(service, method, path, headers, body, query)
        chosen = mine if request.operation == operation else before
        answer: RawResponse = await chosen(method, path, headers, body, query)
        return answer

    app.SERVICE_HANDLERS[service] = dispatch


class _Handlers(dict[str, RawHandler]):
    def __missing__(self, name: str) -> RawHandler:
        return _refuse_service(name)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 - what dict.get takes
        return self[name]


def _refuse_service(name: str) -> RawHandler:
    async def refuse(*_request: Any) -> RawResponse:
        return error_as_raw(not_served(name))

    return refuse


def not_served(name: str) -> ServiceError:
    """The error of a service that the twin does not serve."""
    return ServiceError("UnknownServiceException", f"The twin does not serve {name}.", 501)


def serve_only(names: set[str]) -> None:
    """Refuse, by name, every service but these and those that are added.

    The emulator has many more. Some of them answer with what was made up, and its error for a service that
    it lacks has no code.
    """
    kept = {name: handler for name, handler in app.SERVICE_HANDLERS.items() if name in names}
    app.SERVICE_HANDLERS = _Handlers(kept)
    # Before it looks for a service, the emulator answers what it takes for a data plane by path or host.
    app._handle_cognito_get_request = _pass_on
    app._handle_cognito_body_request = _pass_on
    app._handle_special_data_plane_request = _serve_data_plane


async def _pass_on(*_request: Any) -> None:
    return None


async def _serve_data_plane(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, list[str]],
    request_id: str,
    raw_path: str | None = None,
    raw_query_string: str = "",
    client_ip: str = "127.0.0.1",  # noqa: ARG001 - what the emulator hands over
) -> RawResponse | None:
    """APIs, function URLs and buckets that are addressed by host; None for a request to a service."""
    host = headers.get("host", "")
    if path.startswith(_S3_CONTROL):
        return error_as_raw(not_served("s3-control"))  # it signs as S3, which would take it for a bucket
    raw = {"raw_path": raw_path, "raw_query_string": raw_query_string}
    if answer := await app._handle_execute_api_request(host, path, method, headers, body, query, **raw):
        return _as_data_plane(answer, request_id, wildcard_cors=False)
    if answer := await app._handle_lambda_url_request(host, path, method, headers, body, query):
        return _as_data_plane(answer, request_id, wildcard_cors=False)
    if answer := await app._handle_s3_vhost_request(host, path, method, headers, body, query):
        return _as_data_plane(answer, request_id, wildcard_cors=False, include_s3_id=True)
    return None


def _as_data_plane(answer: RawResponse, request_id: str, **options: bool) -> RawResponse:
    with_ids: RawResponse = app._with_data_plane_headers(answer, request_id, **options)
    return with_ids


def _on_a_thread(service: str, handler: Handler) -> RawHandler:
    async def serve(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> RawResponse:
        request = Request(service, method, path, headers, body, query)
        cancellation = Cancellation()
        cancel_when_client_leaves(cancellation)
        try:
            with cancellation.here():
                return as_raw(await concurrency.run_reentrant(handler, request))
        except ServiceError as error:
            return error_as_raw(error)

    return serve


def in_background(name: str, work: Callable[[], None]) -> threading.Thread:
    """Run `work` on a daemon thread that keeps the account and region of the request at hand, but not its client."""
    context = detached(contextvars.copy_context())
    thread = threading.Thread(target=context.run, args=(work,), name=name, daemon=True)
    thread.start()
    return thread
