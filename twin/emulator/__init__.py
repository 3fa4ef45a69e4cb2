"""The AWS of this machine: one process that serves every service the templates use, on loopback.

`Emulator` starts and ends it; `RunningEmulator` is one that another process has started. What runs inside that
process (`hooks`, `registry` and the executors) is never imported by its users.
"""

from twin.emulator.access import Access, RunningEmulator, buckets, in_use, is_locked
from twin.emulator.launcher import Emulator, EmulatorError

__all__ = ["Access", "Emulator", "EmulatorError", "RunningEmulator", "buckets", "in_use", "is_locked"]
