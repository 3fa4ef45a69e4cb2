"""SIGTERM: SageMaker takes the machine away 120 seconds later (a spot instance, StopTrainingJob, a limit of time).

Where nothing would be lost, the process ends at once. In the training loop the signal is only noted: the step under
way is finished, and its outcome saved. SageMaker judges no exit status of a job that it stops itself; to anyone
else the shell's own for this signal says that the work is not done.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_STATUS = 128 + signal.SIGTERM


class Interrupted(SystemExit):
    """Ends the process, having saved whatever there was to save."""

    def __init__(self) -> None:
        super().__init__(EXIT_STATUS)


class Interruption:
    """Whether the process was told to end. Nobody listens before `listen`."""

    def __init__(self) -> None:
        self.requested = False
        self._deferred = False

    def listen(self) -> None:
        """Take SIGTERM from here on, on the main thread."""
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        if not self._deferred:
            raise Interrupted

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within this, the signal is only noted, for whoever looks at `requested`. Raises Interrupted at its end."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        if self.requested:
            raise Interrupted
