"""A stream of a model that does not apply the guardrail by itself: held back until it has been assessed.

The guardrail looks at texts, not at tokens, and bills by the thousand characters; so a stream is released piece by
piece, each assessed with the end of what went before, in which a forbidden word may have begun.
"""

from __future__ import annotations

from collections.abc import Callable

from lambdas.gateway.guard.guardrail import Blocked

PIECE_CHARACTERS = 800
OVERLAP_CHARACTERS = 200
"""Together one unit of text, as the guardrail bills it."""

_CUTS = (1.0, 0.75, 0.5)
Assess = Callable[[str], Blocked | str]


class Release:
    """The text of one answer on its way out.

    The end of what there is stays back until more is there, so that nothing that is sent can turn out to be the
    beginning of what is blocked or masked.

    Args:
        assess: applies the guardrail to a text, and gives it as it may pass.
    """

    def __init__(self, assess: Assess) -> None:
        self._assess = assess
        self._held = ""

    def feed(self, text: str) -> Blocked | str:
        """Take what the model wrote and give what may be sent now; often nothing."""
        self._held += text
        if len(self._held) < PIECE_CHARACTERS + OVERLAP_CHARACTERS:
            return ""
        passed = self._assess(self._held)
        if isinstance(passed, Blocked):
            return passed
        if passed == self._held:
            count = len(self._held) - OVERLAP_CHARACTERS
            return self._sent(passed[:count], count)
        return self._masked(passed)

    def end(self) -> Blocked | str:
        """Give the rest, once the model has written all."""
        held, self._held = self._held, ""
        return self._assess(held) if held else ""

    def _masked(self, passed: str) -> str:
        """Send what is masked the same with and without what follows; a mask that lies across the cut is not."""
        for share in _CUTS:
            cut = int(share * (len(self._held) - OVERLAP_CHARACTERS))
            beginning = self._assess(self._held[:cut])
            if isinstance(beginning, str) and passed.startswith(beginning):
                return self._sent(beginning, cut)
        return ""

    def _sent(self, text: str, count: int) -> str:
        self._held = self._held[count:]
        return text
