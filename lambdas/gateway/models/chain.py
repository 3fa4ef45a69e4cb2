"""Asking one model after another until one answers: retries with full jitter, fallbacks, and a breaker for each.

Full jitter as in https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/: clients that were
throttled together do not come back together.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import NamedTuple

from lambdas.gateway.call import Call, Stopped
from lambdas.gateway.exchange import APPROVED, Parameters, Usage, reckoned
from lambdas.gateway.models.breaker import Breakers
from lambdas.gateway.models.catalogue import Served
from lambdas.gateway.models.failures import MODEL_ERRORS, UNANSWERED, ServiceFailed, problem_of
from lambdas.gateway.models.upstream import BrokenOff, Finished, Piece, Tuning, broken_off
from lambdas.gateway.problems import FieldError, Problem, retry_later
from lambdas.shared.turns import Turn

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
# Longest that a stream's first word is waited for where another model can take over: somebody looks on.
FIRST_WORD_SECONDS = 25.0
ANSWERED, THROTTLED, UNAVAILABLE, TOO_SLOW = "answered", "throttled", "unavailable", "too_slow"
BROKEN, FAILED, REFUSED, RESTING, UNSUITABLE = "broken", "failed", "refused", "resting", "unsuitable"
UNPREPARED = "unprepared"
OF_STATUS = {
    HTTPStatus.TOO_MANY_REQUESTS: THROTTLED,
    HTTPStatus.SERVICE_UNAVAILABLE: UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: TOO_SLOW,
    HTTPStatus.BAD_REQUEST: REFUSED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: REFUSED,
}
# Of what may be over in a moment: a model at its limit has room as soon as it has answered somebody, and is worth a
# wait of up to three seconds in all. A model that is not there, or too slow, is not asked twice for one request.
MOST_TRIES = {THROTTLED: 5, FAILED: 3}
NOT_READY = "The model is not ready yet."
RESTS = "The model has given no answer several times in a row, and is not asked for a while."
Prepare = Callable[[Served], Sequence[Turn]]
"""Gives the conversation as a model is to be asked it."""


class Attempt(NamedTuple):
    """One request to a model, and what became of it."""

    model: str
    outcome: str
    milliseconds: float

    def document(self) -> dict[str, object]:
        """Give it as responses show it."""
        return {"model": self.model, "outcome": self.outcome, "milliseconds": self.milliseconds}


class Silent(Problem):
    """An answer without a word, which is paid for all the same."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.BAD_GATEWAY, "The model answered with an empty text.")


class Chain:
    """The models that one request may be answered by.

    Args:
        names: the one that was asked, then those to fall back on.
        resolve: gives a model by its name, or raises a `Problem`.

    Attributes:
        answering: the model that answers.
        wasted: what answers took that had no word in them, or that nobody waited for, and the models that they were of.
    """

    def __init__(
        self,
        names: Sequence[str],
        resolve: Callable[[str], Served],
        *,
        call: Call,
        breakers: Breakers,
        tuning: Tuning,
    ) -> None:
        self._names, self._resolve = names, resolve
        self._call, self._breakers, self._tuning = call, breakers, tuning
        self.attempts: list[Attempt] = []
        self.answering: Served | None = None
        self.wasted: list[tuple[Served, Usage]] = []

    def pieces(self, prepare: Prepare, parameters: Parameters, *, live: bool) -> Iterator[Piece]:
        """Give the first answer that a model gives.

        Raises:
            Problem: the model that was asked refused the request; or none answered, and this is what the last one said
                of itself; or an answer that had begun broke off.
            Stopped: the client is gone, or the time is over.
        """
        problem: Problem | None = None
        for place, name in enumerate(self._names):
            further = place + 1 < len(self._names)
            try:
                served, fitted = self._usable(name, parameters)
            except Problem as unusable:
                if place == 0:
                    raise
                self._note(name, UNSUITABLE, time.perf_counter())
                problem = problem or unusable
                continue
            turns: Sequence[Turn] | None = None
            for attempt in itertools.count():
                began = time.perf_counter()
                if not self._breakers.allows(served.label):
                    self._note(served.label, RESTING, began)
                    problem = retry_later(HTTPStatus.SERVICE_UNAVAILABLE, RESTS, 10)
                    break
                try:
                    # Once for all tries: guards and embeddings are paid for.
                    turns = turns or self._prepared(served, prepare)
                except Problem as unprepared:
                    self._note(served.label, UNPREPARED, began)
                    problem = unprepared
                    break
                self._call.patience = self._patience(further, live)
                try:
                    first, rest = self._begun(served, turns, fitted, live)
                except Problem as failure:
                    again = self._again(served, failure, began, attempt)
                    problem = _told_last(problem, failure, place)
                    if not again:
                        break
                else:
                    yield from self._told(served, first, rest, began)
                    return
        assert problem is not None
        raise problem

    def forget_refusal(self) -> None:
        """Forget that the last attempt was refused, where it was."""
        if self.attempts and self.attempts[-1].outcome == REFUSED:
            self.attempts.pop()

    def _usable(self, name: str, parameters: Parameters) -> tuple[Served, Parameters]:
        """Give a model that can be asked this, and the parameters as it takes them; raises a `Problem` for another."""
        served = self._resolve(name)
        if served.upstream is None:
            raise Problem(HTTPStatus.NOT_IMPLEMENTED, "The approved target picks sentences and does not generate.")
        return served, fitting(served, parameters)

    def _prepared(self, served: Served, prepare: Prepare) -> Sequence[Turn]:
        """Give the conversation as this model is asked it; what fails or blocks there says nothing of the model."""
        try:
            self._call.check()
            return prepare(served)
        except BaseException:
            self._breakers.left(served.label)
            raise

    def _begun(
        self, served: Served, turns: Sequence[Turn], parameters: Parameters, live: bool
    ) -> tuple[Piece, Iterator[Piece]]:
        """Ask, and wait for the first piece; until then another model can still take over."""
        assert served.upstream is not None
        try:
            pieces = iter(served.upstream.pieces(turns, parameters, self._tuning, live=live))
            blank, first = _not_blank(pieces)
        except MODEL_ERRORS as failure:
            if isinstance(failure, UNANSWERED) or self._call.why:
                # Nothing says that a model stops, or is not billed, where nobody waits: so all that it may write.
                live = live and served.upstream.streaming
                self.wasted.append((served, reckoned(turns, 0 if live else parameters.max_tokens)))
            self._stopped(served)
            raise problem_of(failure) from failure
        except Problem:
            raise
        except BaseException:
            # The failure is our own: of the model nothing was learnt.
            self._breakers.left(served.label)
            raise
        if isinstance(first, Finished):
            # A text that the caller ends by a word may be empty, and be the answer.
            if first.finish == "stop" and not parameters.stop:
                self.wasted.append((served, first.usage))
                raise Silent
            return first, pieces
        return blank + first, pieces

    def _told(self, served: Served, first: Piece, rest: Iterator[Piece], began: float) -> Iterator[Piece]:
        self.answering = served
        try:
            yield first
            yield from rest
        except MODEL_ERRORS as failure:
            self._stopped(served)
            self._note(served.label, BROKEN, began)
            self._breakers.failed(served.label)
            raise _broken(failure) from failure
        except BaseException:
            # Nobody listens any more, or the failure is our own: of the model nothing was learnt.
            self._breakers.left(served.label)
            raise
        self._note(served.label, ANSWERED, began)
        self._breakers.answered(served.label)

    def _again(self, served: Served, problem: Problem, began: float, attempt: int) -> bool:
        """Note a failure, and wait where the same model is to be asked again."""
        outcome = _outcome(problem)
        self._note(served.label, outcome, began)
        if isinstance(problem, Silent) or outcome == REFUSED:
            # The model works. Silent, it would be paid for once more; what it refused, it would refuse again.
            self._breakers.answered(served.label)
            return False
        if outcome == THROTTLED:
            self._breakers.throttled(served.label)
        else:
            self._breakers.failed(served.label, asleep=problem.detail == NOT_READY)
        if attempt + 1 >= MOST_TRIES.get(outcome, 1):
            return False
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
        pause = random.uniform(0, longest)  # noqa: S311
        if pause >= self._call.seconds_left:
            return False
        self._call.pause(pause)
        return True

    def _patience(self, further: bool, live: bool) -> float:
        """Give how long to wait for a model to begin; one that stalls leaves the next one half of the time."""
        left = self._call.seconds_left
        if not further:
            return left
        return min(left / 2, FIRST_WORD_SECONDS) if live else left / 2

    def _stopped(self, served: Served) -> None:
        """Tell a failure of the model's from a socket that we shut ourselves."""
        try:
            self._call.check()
        except Stopped:
            self._breakers.left(served.label)
            raise

    def _note(self, label: str, outcome: str, began: float) -> None:
        self.attempts.append(Attempt(label, outcome, round((time.perf_counter() - began) * 1000, 1)))


def _outcome(problem: Problem) -> str:
    return FAILED if isinstance(problem, ServiceFailed) else OF_STATUS.get(problem.status, FAILED)


def _told_last(problem: Problem | None, failure: Problem, place: int) -> Problem:
    """Give what the caller is told if no further model answers; raise what the model that was asked refuses.

    A fallback may take less than that one, which can answer in a while: its refusal says nothing of the request.
    """
    if _outcome(failure) != REFUSED:
        return failure
    if problem is None or place == 0:
        raise failure
    return problem


def _not_blank(pieces: Iterator[Piece]) -> tuple[str, Piece]:
    """Give the first piece that says something, and what is blank before it."""
    blank = ""
    for piece in pieces:
        if isinstance(piece, Finished) or piece.strip():
            return blank, piece
        blank += piece
    raise broken_off("The model's answer")


def fitting(served: Served, parameters: Parameters) -> Parameters:
    """Give the parameters as this model takes them.

    Raises:
        Problem: 400, with each parameter that it does not take.
    """
    wrong: list[FieldError] = []
    if not served.sampling:
        wrong += [
            FieldError(f"#/{name}", f"the model {served.name} takes no {name}: leave it out")
            for name, value in (("temperature", parameters.temperature), ("top_p", parameters.top_p))
            if value is not None
        ]
    if parameters.seed is not None and not served.seed:
        wrong.append(FieldError("#/seed", f"the model {served.name} takes no seed: leave it out"))
    if wrong:
        detail = " ".join(f"{error.detail[0].upper()}{error.detail[1:]}." for error in wrong)
        raise Problem(HTTPStatus.BAD_REQUEST, detail, errors=wrong)
    if served.sampling and parameters.temperature is None:
        # That of the evaluation: what was measured is what serves.
        measured = served.name == APPROVED and parameters.top_p is None
        return replace(parameters, temperature=0.0) if measured or parameters.likeliest else parameters
    return parameters


def _broken(failure: Exception) -> Problem:
    problem = problem_of(failure)
    if isinstance(failure, BrokenOff) or problem.status == HTTPStatus.BAD_GATEWAY:
        return retry_later(HTTPStatus.BAD_GATEWAY, "The model's answer broke off.", 5)
    return problem
