"""Whose something is: part of each key, so that no request can reach what belongs to another caller."""

from __future__ import annotations

import re
from http import HTTPStatus

from lambdas.gateway.exchange import Caller
from lambdas.gateway.problems import Problem

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def partition(kind: str, caller: Caller) -> str:
    """Give the partition key of what a caller has of one kind; raises as `known` does."""
    return f"{kind}#{known(caller).id}"


def known(caller: Caller) -> Caller:
    """Give a caller whose own something can be.

    Raises:
        Problem: 403 where the API is open, and no caller can be told from another.
    """
    if caller.kind == "open":
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "Nothing is kept for callers that cannot be told apart: this API is open (gateway.authorization: none).",
        )
    return caller


def identifier(given: str) -> str:
    """Check an id out of a path.

    Raises:
        Problem: 404 for what no id looks like: there is nothing under it.
    """
    if not IDENTIFIER.fullmatch(given):
        raise nothing()
    return given


def nothing() -> Problem:
    """Build the problem of an id that there is nothing under; that of another caller looks the same."""
    return Problem(HTTPStatus.NOT_FOUND, "There is nothing of yours under this id.")
