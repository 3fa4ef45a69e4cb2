"""Processor time of a whole process tree counts what has ended, too."""

import os
import subprocess
import sys

from twin.run.board import Board
from twin.run.cpu import CpuMeter, tree_cpu_s

BURN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


def test_a_child_that_ended_is_counted_once() -> None:
    before = tree_cpu_s(os.getpid())
    subprocess.run([sys.executable, "-c", BURN], check=True)
    used = tree_cpu_s(os.getpid()) - before

    assert 0.4 <= used < 2.5


def test_the_running_step_pays_and_what_runs_between_steps_is_charged_to_nobody() -> None:
    board = Board()
    board.add("Prepare", "Prepare")
    meter = CpuMeter(os.getpid(), board)
    subprocess.run([sys.executable, "-c", BURN], check=True)
    meter.charge()
    assert board.steps["Prepare"].cpu_s == 0

    with board.step("Prepare"):
        subprocess.run([sys.executable, "-c", BURN], check=True)
        meter.charge()
    assert board.steps["Prepare"].cpu_s >= 0.4
