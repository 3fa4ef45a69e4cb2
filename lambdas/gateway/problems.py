"""Refusals as problem details (RFC 9457): what the caller did wrong or has to expect, never what is inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

LONGEST_SHOWN = 40


class FieldError(NamedTuple):
    """One wrong field of the body: a JSON pointer, and what is wrong there."""

    pointer: str
    detail: str


def shown(name: str) -> str:
    """Give a field's name as it is told: a caller's may be of any length."""
    return name if len(name) <= LONGEST_SHOWN else f"{name[: LONGEST_SHOWN - 3]}..."


def member(pointer: str, name: str) -> str:
    """Give the JSON pointer (RFC 6901) to a field that a caller named.

    >>> member("/messages/0", "a/b")
    '/messages/0/a~1b'
    """
    return f"{pointer}/{shown(name).replace('~', '~0').replace('/', '~1')}"


class Problem(Exception):
    """A request that ends with an error status.

    Args:
        status: the HTTP status.
        detail: one or two sentences for the caller.
        errors: the fields that are wrong.
        headers: response headers that belong to the status, such as Retry-After.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def document(self, instance: str) -> dict[str, object]:
        """Give the body; `instance` names this one occurrence.

        Once a stream has begun no header can follow: `retry_after` says what Retry-After does.
        """
        body: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            "instance": instance,
        }
        if "Retry-After" in self.headers:
            body["retry_after"] = int(self.headers["Retry-After"])
        if self.errors:
            body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return body

    @property
    def code(self) -> str:
        """Give the status in words that a program can compare, such as ``too_many_requests``."""
        return self.status.phrase.lower().replace(" ", "_").replace("-", "_")


def retry_later(status: HTTPStatus, detail: str, seconds: int) -> Problem:
    """Build a problem that passes."""
    return Problem(status, detail, headers={"Retry-After": str(seconds)})


def too_slow() -> Problem:
    """Give the problem of a model that has not answered in time; from here nobody can see why."""
    detail = "The model did not answer in time: it is busy with other requests, or still starting."
    return retry_later(HTTPStatus.GATEWAY_TIMEOUT, detail, 5)
