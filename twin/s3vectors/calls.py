"""A request to S3 Vectors as its operation and parameters: the protocol is REST, with a path for each operation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from twin import shapes
from twin.constraints import WrongTypeError, summary, violations
from twin.emulator.hooks import Request
from twin.s3vectors import errors

MOST_BODY_BYTES = 20 * 1024**2
_TAGS = "/tags/"
_ON_TAGS = {"GET": "ListTagsForResource", "POST": "TagResource", "DELETE": "UntagResource"}


def operation_of(request: Request) -> str | None:
    """The operation that a request names, or None where S3 Vectors has none like it."""
    if request.path.startswith(_TAGS):
        return _ON_TAGS.get(request.method)
    name = request.path.removeprefix("/")
    known = shapes.service_model("s3vectors").operation_names
    return name if request.method == "POST" and name in known else None


def parameters_of(request: Request) -> dict[str, Any]:
    """The parameters of a request, which are not to be changed. Raises ServiceError."""
    if len(request.body) > MOST_BODY_BYTES:
        raise errors.validation("Request body exceeds max allowed size")
    given = _parsed(request)
    if request.path.startswith(_TAGS):
        given = {**given, "resourceArn": unquote(request.path.removeprefix(_TAGS))}
        if request.method == "DELETE":
            given["tagKeys"] = request.query.get("tagKeys", [])
    return given


@lru_cache(maxsize=1)
def _parsed_body(body: bytes) -> dict[str, Any]:
    # Who may do what is asked before the operation is done, with the same body: of megabytes where it holds vectors.
    parsed = Request("s3vectors", "POST", "/", {}, body).parameters
    return {name: value for name, value in parsed.items() if value is not None}


def _parsed(request: Request) -> dict[str, Any]:
    return _parsed_body(request.body)


def forget() -> None:
    """Let go of the last body."""
    _parsed_body.cache_clear()


def check(operation: str, given: dict[str, Any]) -> None:
    """Refuse what the API's model does not admit. Raises ServiceError ValidationException."""
    shape = shapes.service_model("s3vectors").operation_model(operation).input_shape
    try:
        found = list(violations(shape, given, is_open=_is_vector))
    except WrongTypeError as error:
        raise errors.validation(str(error)) from error
    if found:
        raise errors.validation(summary(found))


def _is_vector(value: Any) -> bool:
    """Vectors are checked where they become arrays: one by one their numbers would take seconds."""
    return isinstance(value, dict) and list(value) == ["float32"] and isinstance(value["float32"], list)
