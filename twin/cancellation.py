"""Work for somebody who may go away: what is to be done then, known to the thread that works and to no signature.

A handler asks a model's server and waits, for a prompt to be read or a text to be written, long before there is
anything to send. Whoever runs the handler says with `Cancellation` when nobody waits for it any more; whoever opens a
connection for it says with `on_cancel` how that is ended.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

End = Callable[[], None]


class Cancellation:
    """Whether a piece of work is wanted still.

    >>> cancellation = Cancellation()
    >>> with cancellation.here(), on_cancel(lambda: print("ended")):
    ...     cancellation.cancel()
    ended
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._ends: list[End] = []

    @contextmanager
    def here(self) -> Iterator[None]:
        """Make what runs in this block, and in threads that take its context over, the work that can be cancelled."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)

    def cancel(self) -> None:
        """End the work, from any thread; a second call changes nothing."""
        with self._lock:
            self._cancelled = True
            ends, self._ends = self._ends, []
        for end in ends:
            end()

    @contextmanager
    def _ending(self, end: End) -> Iterator[None]:
        with self._lock:
            at_once = self._cancelled
            if not at_once:
                self._ends.append(end)
        if at_once:
            end()
        try:
            yield
        finally:
            with self._lock:
                if end in self._ends:
                    self._ends.remove(end)


_present: contextvars.ContextVar[Cancellation | None] = contextvars.ContextVar("cancellation", default=None)


@contextmanager
def on_cancel(end: End) -> Iterator[None]:
    """Call `end` once, from whatever thread, should the present work be cancelled in this block or have been before."""
    present = _present.get()
    if present is None:
        yield
        return
    with present._ending(end):
        yield


def detached(context: contextvars.Context) -> contextvars.Context:
    """A context for work that goes on whoever leaves: it is no part of the present one."""
    context.run(_present.set, None)
    return context
