"""How long training will still take: by the pace of its last steps, and by what a validation takes.

The first steps of a process are often slow, and say little of the hundreds after them. So what is expected before any
is taken counts as some steps, and of the steps only the last ones count.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

STEP_COSTS = 4.2
"""A step takes as long as so many validations of its tokens, on a CPU: 4.1 to 4.3 with LoRA, 4.6 with all weights. It
stands until steps are measured themselves."""
COUNTS_AS = 3
"""What is expected counts as so many steps."""
_LAST_STEPS = 10


@dataclass
class Forecast:
    """Measures steps and validations. All times are in seconds."""

    validation_s: float | None = None
    _steps_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LAST_STEPS))

    def expect(self, step_s: float) -> None:
        """Say what a step is likely to take, before the first one."""
        self._steps_s.extend(COUNTS_AS * [step_s])

    def stepped(self, seconds: float) -> None:
        """A step has taken so long."""
        self._steps_s.append(seconds)

    def validated(self, seconds: float) -> None:
        """A validation has taken so long."""
        self.validation_s = seconds

    def left(self, steps: int, validations: int) -> float | None:
        """Give how long so many steps and validations will take; None where nothing tells."""
        if not self._steps_s:
            return None
        pace = sum(self._steps_s) / len(self._steps_s)
        return steps * pace + validations * (self.validation_s or 0.0)


def step_by_validation(validation_s: float, validated_tokens: float, step_tokens: float) -> float:
    """Give what a step of so many tokens is likely to take, out of what a validation took."""
    return STEP_COSTS * validation_s * step_tokens / validated_tokens
