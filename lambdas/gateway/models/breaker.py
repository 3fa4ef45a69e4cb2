"""A circuit breaker for each model: who fails most of the time is left alone for a while.

Several failures in a row are not enough where many requests are on their way at once: of a model that throttles each
fifth of them, five that were throttled end together every few seconds.

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
REST_SECONDS = 10.0
LONGEST_REST_SECONDS = 60.0


@dataclass
class _Circuit:
    failures: int = 0
    latest: deque[bool] = field(default_factory=lambda: deque(maxlen=LATEST))
    rests: int = 0
    until: float = 0.0
    trying: bool = False
    answered: bool = False
    asleep: bool = False

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES and 2 * sum(self.latest) >= len(self.latest)


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
            circuit.failures, circuit.rests = 0, 0
            circuit.trying, circuit.answered, circuit.asleep = False, True, False

    def failed(self, label: str, *, asleep: bool = False) -> None:
        """Count a failure of the model's or its service's; of one that sleeps, none, since asking is what wakes it."""
        with self._lock:
            circuit = self._circuits.setdefault(label, _Circuit())
            circuit.trying, circuit.answered, circuit.asleep = False, False, asleep
            if asleep:
                return
            circuit.failures += 1
            circuit.latest.append(True)
            if circuit.is_open:
                rest = min(LONGEST_REST_SECONDS, REST_SECONDS * 2**circuit.rests)
                circuit.rests += 1
                circuit.until = monotonic() + random.uniform(rest / 2, rest)  # noqa: S311

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
