"""Where the guard stands: a model on Bedrock applies the guardrail by itself, for others it is applied here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lambdas.gateway.exchange import Turn
from lambdas.gateway.models.catalogue import Served
from lambdas.gateway.models.upstream import Finished, Piece

if TYPE_CHECKING:
    from lambdas.gateway.seams import Blocked, Guard

PASSED, BLOCKED = "passed", "blocked"


class Refused(Exception):
    """A guard blocked what came in, or what went out."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.reason)
        self.blocked = blocked


def message() -> str:
    """Give what the caller is told."""
    return str(_guard().MESSAGE)


def passed(guard: Guard | None, served: Served, turns: Sequence[Turn]) -> Sequence[Turn]:
    """Give a conversation as this model may be asked it.

    Raises:
        Refused: it may not.
    """
    if guard is None:
        return turns
    # Of a conversation that a guardrail comes with, Bedrock assesses every message, and no system prompt.
    checked = [turn for turn in turns if turn.role == "system" or not served.guards_itself]
    if not checked:
        return turns
    passing: Any = guard.check_input(checked)
    if isinstance(passing, _guard().Blocked):
        raise Refused(passing)
    rest = iter(passing)
    return tuple(next(rest) if turn in checked else turn for turn in turns)


def released(
    guard: Guard | None,
    answering: Callable[[], Served],
    pieces: Iterable[Piece],
    sources: Sequence[dict[str, object]],
    query: str,
    *,
    live: bool,
) -> Iterator[Piece]:
    """Give the pieces as they may pass to the caller.

    A model's own service knows the passages as a part of the question alone: whether an answer is grounded in them is
    judged here, whatever model wrote it.

    Args:
        guard: what is applied.
        answering: gives the model that answers.
        pieces: what it writes.
        sources: the passages that it was to answer from.
        query: what was asked about them.
        live: whether the answer was asked for as it is written.

    Raises:
        Refused: one of them may not; what was given before it has passed.
    """
    release: Any = None
    finished: Finished | None = None
    grounds = [str(source["text"]) for source in sources] if guard is not None and guard.grounding else []
    for piece in pieces:
        if guard is None or (answering().guards_itself and not grounds):
            yield piece
            continue
        if release is None:
            upstream = answering().upstream
            streamed = live and upstream is not None and upstream.streaming
            release = _guard().Release(partial(guard.check_output, sources=grounds, query=query), live=streamed)
        if isinstance(piece, Finished):
            finished = piece
        elif passing := _unless_blocked(release.feed(piece)):
            yield passing
    # Only now has the model's answer been noted as one, whatever becomes of it here.
    if finished is not None:
        yield _unless_blocked(release.end())
        yield finished


def _unless_blocked(checked: Any) -> str:
    if isinstance(checked, str):
        return checked
    raise Refused(checked)


def _guard() -> Any:
    return import_module("lambdas.gateway.guard")
