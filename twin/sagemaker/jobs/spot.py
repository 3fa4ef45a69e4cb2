"""Spot capacity. Here nobody but a person or a test takes it away: by a file with the job's name.

While the file lies in `<work directory>/sagemaker/no-spot-capacity/`, the job gets no instance and loses the one that
it has. The text says how: `notice` is two minutes of SIGTERM, as EC2 gives them; `none` is a machine that is gone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.emulator import hooks

_NOTICE, _NONE = "notice", "none"
_POLL_S = 0.1


def _file(work_dir: Path, job: str) -> Path:
    return work_dir / "sagemaker" / "no-spot-capacity" / job


def take_away(work_dir: Path, job: str, notice: bool = True) -> None:
    """Take a training job's spot instance away, and let it have no other until `give_back`."""
    file = _file(work_dir, job)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{job}")
    unfinished.write_text(_NOTICE if notice else _NONE)
    unfinished.replace(file)


def give_back(work_dir: Path, job: str) -> None:
    """Let the job have spot instances again."""
    _file(work_dir, job).unlink(missing_ok=True)


class SpotInstance:
    """What a job on spot instances knows of its own; a job that is not on them never loses any."""

    def __init__(self, job: str, is_spot: bool) -> None:
        self._file = _file(Path(os.environ["FOURFOLD_WORK_DIR"]), job)
        self._is_spot = is_spot
        self.lost = False
        self.with_notice = True

    @property
    def available(self) -> bool:
        """Whether there is an instance to have."""
        return not self._is_spot or not self._file.exists()

    @contextmanager
    def watched(self, on_loss: Callable[[], None]) -> Iterator[None]:
        """Call `on_loss` once the instance is taken away; `lost` and `with_notice` are set by then."""
        self.lost = False
        if not self._is_spot:
            yield
            return
        over = threading.Event()
        thread = hooks.in_background("spot capacity", lambda: self._watch(over, on_loss))
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event, on_loss: Callable[[], None]) -> None:
        while not over.wait(_POLL_S):
            if not self.available:
                self.with_notice = self._file.read_text() != _NONE
                self.lost = True
                on_loss()
                return
