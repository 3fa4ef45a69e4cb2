"""A stream of a model that does not apply the guardrail by itself: held back until it has been assessed.

The guardrail looks at texts, not at tokens, and bills by the thousand characters; so a stream is released piece by
piece, each assessed with the end of what went before, in which a forbidden word may have begun. An answer that comes
whole is assessed once.
"""

from __future__ import annotations

from collections.abc import Callable

from lambdas.gateway.guard.guardrail import Blocked

PIECE_CHARACTERS = 800
OVERLAP_CHARACTERS = 200
UNIT_CHARACTERS = PIECE_CHARACTERS + OVERLAP_CHARACTERS
"""Of a text, as the guardrail bills it."""

_CUTS = (1.0, 0.75, 0.5)
Assess = Callable[[str], Blocked | str]


class Release:
    """The text of one answer on its way out.

    The end of what there is stays back until more is there, so that nothing that is sent can turn out to be the
    beginning of what is blocked or masked.

    Args:
        assess: applies the guardrail to a text, and gives it as it may pass.
        live: whether to send it piece by piece; otherwise all of it stays back until its end.
    """

    def __init__(self, assess: Assess, *, live: bool) -> None:
        self._assess, self._live = assess, live
        self._held = ""
        self._last_sent = ""

    def feed(self, text: str) -> Blocked | str:
        """Take what the model wrote and give what may be sent now; often nothing."""
        self._held += text
        if not self._live or len(self._held) < UNIT_CHARACTERS:
            return ""
        passed = self._assess(self._held)
        if isinstance(passed, Blocked):
            return passed
        if passed == self._held:
            count = len(self._held) - OVERLAP_CHARACTERS
            return self._sent(passed[:count], count)
        return self._masked(passed)

    def end(self) -> Blocked | str:
        """Give the rest, once the model has written all; a short one is judged beside what was sent before it."""
        held, self._held = self._held, ""
        if not held:
            return ""
        before = self._before(held)
        passed = self._assess(before + held)
        if isinstance(passed, Blocked):
            return passed
        if passed.startswith(before):
            return passed[len(before) :]
        # What was sent is masked where it is cut: what of the masked text is the rest cannot be told.
        return self._assess(held)

    def _before(self, held: str) -> str:
        """Give the end of what was sent, as it was sent, as far as it costs nothing more; a half of a word is none."""
        room = max(0, UNIT_CHARACTERS - len(held))
        end = self._last_sent[len(self._last_sent) - room :] if room < len(self._last_sent) else self._last_sent
        return end[end.find(" ") + 1 :]

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
        self._last_sent = (self._last_sent + text)[-UNIT_CHARACTERS:]
        return text
