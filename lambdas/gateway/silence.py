"""Comments that break the silence of a stream: what passes it on would take it for dead.

CloudFront ends an answer of which nothing has come for as long as the origin's response timeout: 30 seconds, or up to
120 where it is set (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html). API
Gateway waits five minutes at a regional API, and 30 seconds at an edge-optimized one
(https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html).
"""

from __future__ import annotations

import asyncio
from time import monotonic

from lambdas.gateway.outbox import Outbox

LONGEST_SECONDS = 15.0
COMMENT = b": waiting\n\n"
"""What clients of server-sent events pass over: https://html.spec.whatwg.org/multipage/server-sent-events.html."""


class Silence:
    """The silence of one response, from its request on: one timer for all of it, and none for each event."""

    def __init__(self, outbox: Outbox, loop: asyncio.AbstractEventLoop) -> None:
        self._outbox, self._loop = outbox, loop
        self._since = monotonic()
        self._timer = loop.call_later(LONGEST_SECONDS, self._look)

    def broken(self) -> None:
        """Say that something has just been sent."""
        self._since = monotonic()

    def end(self) -> None:
        """Let what follows be silent."""
        self._timer.cancel()

    def _look(self) -> None:
        # What the thread writes itself the loop does not see.
        left = max(self._since, self._outbox.last) + LONGEST_SECONDS - monotonic()
        if left <= 0:
            self._outbox.break_silence(COMMENT)
            left = LONGEST_SECONDS
        self._timer = self._loop.call_later(left, self._look)
