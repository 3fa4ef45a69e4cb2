"""How many steps lie between two checkpoints, by what a step and a checkpoint take on this machine.

Saving often costs time all along, saving seldom costs steps when the machine is lost. The cheapest interval is about
the square root of twice the time of saving times the mean time between losses (J. W. Young, A first order
approximation to the optimum checkpoint interval, Communications of the ACM 17, 1974).
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# An assumption, on the careful side: AWS gives, by instance type, only in how many of a hundred months one is lost.
MEAN_TIME_BETWEEN_LOSSES_S = 4 * 3600.0
# Saving may not take more of the time than this, even if more is lost then.
LARGEST_SHARE = 0.03
_STEPS_MEASURED = 20


def steps_between(step_s: float, save_s: float, most_lost_s: float) -> int:
    """Give the number of steps after which the next checkpoint is due, at least one.

    No more than `most_lost_s` of work lies between two checkpoints, unless saving would then take more than
    `LARGEST_SHARE` of the time.
    """
    cheapest = math.sqrt(2 * save_s * MEAN_TIME_BETWEEN_LOSSES_S)
    seconds = max(min(cheapest, most_lost_s), save_s / LARGEST_SHARE)
    return max(1, math.floor(seconds / max(step_s, 1e-6)))


@dataclass
class Pace:
    """Measures steps and checkpoints, and says when the next checkpoint is due: the first after the first step.

    The interval is computed anew at each checkpoint and stands until the next, so it can be told beforehand.
    """

    most_lost_s: float
    clock: Callable[[], float] = time.monotonic
    interval: int = 1
    _steps_s: deque[float] = field(default_factory=lambda: deque(maxlen=_STEPS_MEASURED))
    _since: int = 0
    _began: float = 0.0

    def begin(self) -> None:
        """A step, or a checkpoint, begins now."""
        self._began = self.clock()

    def stepped(self) -> bool:
        """The step that began is done; whether a checkpoint is due."""
        self._steps_s.append(self.clock() - self._began)
        self._since += 1
        return self._since >= self.interval

    def saved(self) -> float:
        """The checkpoint that began is whole; gives how many seconds it took."""
        took = self.clock() - self._began
        self._since = 0
        if self._steps_s:
            self.interval = steps_between(sum(self._steps_s) / len(self._steps_s), took, self.most_lost_s)
        return took
