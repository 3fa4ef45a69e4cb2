"""A circuit breaker for each model: who fails most of the time is left alone for a while.

Several failures in a row are not enough where many requests are on their way at once: of a model that fails each fifth
of them, five that failed end together every few seconds.

A throttle is no failure: a model at its limit is at work for others, and has room again in a moment. So requests that
are throttled wait and ask again, and the circuit is as it was. Only a model that throttles whatever it is sent, for
longer than an answer usually takes and without one between, is left alone as well: its quota is used up.

It knows what this process saw, and no more: a model that throttles everybody is found out by each process by itself.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from time import monotonic

FAILURES = 5
"""So many failures in a row open the circuit, where they are also half of the latest outcomes, or more."""
LATEST = 20
THROTTLED_SECONDS = 15.0
"""So long without an answer, `FAILURES` throttles or more open the circuit too; those further apart are not one row."""
REST_SECONDS = 10.0
LONGEST_REST_SECONDS = 60.0


@dataclass
class _Circuit:
    failures: int = 0
    throttles: int = 0
    throttled_since: float = 0.0
    throttled_last: float = 0.0
    latest: deque[bool] = field(default_factory=lambda: deque(maxlen=LATEST))
    rests: int = 0
    until: float = 0.0
    trying: bool = False
    answered: bool = False
    asleep: bool = False

    @property
    def is_open(self) -> bool:
        return self.fails or self.only_throttles

    @property
    def fails(self) -> bool:
        return self.failures >= FAILURES and 2 * sum(self.latest) >= len(self.latest)

    @property
    def only_throttles(self) -> bool:
        return self.throttles >= FAILURES and self.throttled_last - self.throttled_since >= THROTTLED_SECONDS

    def throttled(self, now: float) -> None:
        """Add a throttle to the row of those that no answer has come between, or begin one.

        While the model is left alone nobody asks it, so a row that opened the circuit goes on behind a rest.
        """
        longest = THROTTLED_SECONDS + (LONGEST_REST_SECONDS if self.only_throttles else 0)
        if not self.throttles or now - self.throttled_last > longest:
            self.throttles, self.throttled_since = 0, now
        self.throttles, self.throttled_last = self.throttles + 1, now

    def rest(self) -> None:
        """Leave the model alone from now on, each time for longer."""
        rest = min(LONGEST_REST_SECONDS, REST_SECONDS * 2**self.rests)
        self.rests += 1
        self.until = monotonic() + random.uniform(rest / 2, rest)  # noqa: S311


class Breakers:
    """The circuits of all models, by their labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}

    def allows(self, label: str) -> bool:
        """Whether to ask this model; of an open circuit one request may try, once its rest is over."""
        with self._lock:
            circuit = self._circuits.get(label)
            if circuit is None or not circuit.is_open:
                return True
            if circuit.trying or monotonic() < circuit.until:
                return False
            circuit.trying = True
            return True

    def answered(self, label: str) -> None:
        """Close the circuit: the model answered, or refused for a reason of the request's own."""
        with self._lock:
            circuit = self._circuits.setdefault(label, _Circuit())
            if circuit.is_open:
                circuit.latest.clear()
            circuit.latest.append(False)
            circuit.failures, circuit.throttles, circuit.rests = 0, 0, 0
            circuit.trying, circuit.answered, circuit.asleep = False, True, False

    def failed(self, label: str, *, asleep: bool = False) -> None:
        """Count a failure of the model's or its service's; of one that sleeps, none, since asking is what wakes it."""
        with self._lock:
            circuit = self._circuits.setdefault(label, _Circuit())
            lengthens = circuit.trying or not circuit.is_open
            circuit.trying, circuit.answered, circuit.asleep = False, False, asleep
            if asleep:
                return
            circuit.failures += 1
            circuit.latest.append(True)
            if circuit.is_open and lengthens:
                circuit.rest()

    def throttled(self, label: str) -> None:
        """Note that the model took no request just now, which opens the circuit only where it has not for long."""
        with self._lock:
            circuit = self._circuits.setdefault(label, _Circuit())
            # Of the requests that were out when it opened, none makes the rest longer.
            lengthens = circuit.trying or not circuit.is_open
            circuit.trying, circuit.asleep = False, False
            circuit.throttled(monotonic())
            if circuit.only_throttles and lengthens:
                circuit.rest()

    def left(self, label: str) -> None:
        """Forget a try that was given up before anything could be learnt from it."""
        with self._lock:
            if (circuit := self._circuits.get(label)) is not None:
                circuit.trying = False

    def state(self, label: str) -> str:
        """Give what the last request to the model says of it: ``ready``, ``asleep`` or ``unknown``."""
        with self._lock:
            circuit = self._circuits.get(label)
        if circuit is None:
            return "unknown"
        return "asleep" if circuit.asleep else "ready" if circuit.answered else "unknown"
