"""Subprocesses that run the project's code, and the promise that none of them outlives the emulator.

Every process that the emulator starts, and everything those start in turn, carries a mark in its environment
(`FOURFOLD_PROCESS_MARK`). Whoever ends a job kills what carries the job's mark; the guard process
(`twin.emulator.guard`) kills what carries the emulator's mark once the emulator is gone, whatever ended it.
A mark finds processes that left their group or lost their parent too: Spark's daemon does both. A process that
was given an environment of its own carries no mark, so whatever shares a session with a marked one is killed too.
"""

from twin.processes.marks import MARK_VARIABLE, kill_marked, marked
from twin.processes.process import LINE_LIMIT, Completed, Grace, OnLine, Process, run_process

__all__ = [
    "LINE_LIMIT",
    "MARK_VARIABLE",
    "Completed",
    "Grace",
    "OnLine",
    "Process",
    "kill_marked",
    "marked",
    "run_process",
]
