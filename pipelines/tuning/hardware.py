"""How to compute on the machine at hand: device, number format, how much at a time.

bf16 is used where the processor multiplies it in hardware. There it trains with 2.7 times as many tokens
to a second of CPU as fp32; elsewhere it is emulated, and slower.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch

_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


@dataclass(frozen=True)
class Hardware:
    """`tokens_at_once` bounds a pack, in tokens and in twice as many places of attention, and with it the peak of
    memory, unless one example alone is longer. `answers_at_once` is how many answers are generated together."""

    device: torch.device
    dtype: torch.dtype
    tokens_at_once: int
    answers_at_once: int

    def autocast(self) -> torch.autocast:
        """Compute in `dtype` what is safe in it; the adapter's own weights stay in fp32."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.dtype is torch.bfloat16)


def detect(local_rank: int = 0) -> Hardware:
    """Look at the machine, and let PyTorch use as many threads as the job has cores.

    Of several processes on a machine each has an accelerator of its own.
    """
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = torch.bfloat16 if fast else torch.float32
        return Hardware(torch.device("cuda", local_rank), dtype, tokens_at_once=16_384, answers_at_once=64)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(int(os.environ.get("SM_NUM_CPUS", 0)) or len(os.sched_getaffinity(0)))
    dtype = torch.bfloat16 if _cpu_multiplies_bf16() else torch.float32
    return Hardware(torch.device("cpu"), dtype, tokens_at_once=512, answers_at_once=64)


def on_cpu(hardware: Hardware) -> Hardware:
    """Give the same with what is held in the machine's own memory."""
    return replace(hardware, device=torch.device("cpu"))


def _cpu_multiplies_bf16() -> bool:
    description = Path("/proc/cpuinfo")
    if not description.exists():
        return False
    flags: set[str] = set()
    for line in description.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            flags.update(value.split())
    return bool(flags & _BF16_FLAGS)
