"""The approved target, read from its parameter and remembered for half a minute."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from lambdas.gateway.problems import retry_later
from lambdas.shared import aws, environment, log
from lambdas.shared.targets import BedrockTarget, Target, read_target

if TYPE_CHECKING:
    from lambdas.shared.examples import Examples

REMEMBERED_SECONDS = 30.0


class Approved(NamedTuple):
    """A target with the examples that its prompts begin with: none where it is not few-shot."""

    target: Target
    examples: Examples | None


class _Remembered(NamedTuple):
    approved: Approved | None
    until: float


_remembered: dict[str, _Remembered] = {}


def approved_target() -> Approved | None:
    """Give the approved target, at most half a minute old; None when nothing is approved.

    Raises:
        InvalidTarget: the parameter, or the stored prompt, holds something else.
        Problem: 503, when they cannot be read at the moment; a former target may be what was just taken back.
    """
    parameter = environment.required("TARGET_PARAMETER")
    known = _remembered.get(parameter)
    if known and time.monotonic() < known.until:
        return known.approved
    try:
        target = read_target(parameter)
        approved = _as_known(target, known) if target else None
    except aws.CALL_ERRORS as failure:
        if not aws.passes_by_itself(failure):
            raise
        log.warning("The approved target cannot be read", reason=str(failure))
        raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "The approved model cannot be looked up now.", 5) from failure
    _remembered[parameter] = _Remembered(approved, time.monotonic() + REMEMBERED_SECONDS)
    return approved


def forget() -> None:
    """Read the parameter anew at the next request."""
    _remembered.clear()


def _as_known(target: Target, known: _Remembered | None) -> Approved:
    """Give what is known of a target that is approved still; its examples are written once, and long to read."""
    if known and known.approved and known.approved.target == target:
        return known.approved
    return Approved(target, _examples(target))


def _examples(target: Target) -> Examples | None:
    if not isinstance(target, BedrockTarget) or target.prompt_key is None:
        return None
    from lambdas.gateway.models.examples import stored_examples  # which brings all of retrieval along

    return stored_examples(target.prompt_key)
