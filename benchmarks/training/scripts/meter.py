"""What training alone takes: seconds of the processor, or on an accelerator of the clock, and its peak of memory there.

An accelerator's first steps are left out: in them it loads its kernels. A processor's memory is measured from outside.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass
class Meter:
    """Told of the end of each step; counts from the end of step `skip` on."""

    device: str
    skip: int
    times: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """Training begins now."""
        if self.device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        self.times = [self._now()]

    def step_ended(self) -> None:
        """A step has ended."""
        self.times.append(self._now())

    def figures(self) -> dict[str, Any]:
        """Give the seconds, and the accelerator's peak of memory in MiB."""
        figures: dict[str, Any] = {"seconds": self.times[-1] - self.times[self.skip]}
        if self.device != "cpu":
            figures["device_peak_mib"] = torch.cuda.max_memory_allocated() // 2**20
        return figures

    def _now(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()
