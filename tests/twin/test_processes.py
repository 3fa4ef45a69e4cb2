"""Subprocesses: how they end, what they cost, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from tests.twin.helpers import wait_until
from twin.processes import LINE_LIMIT, MARK_VARIABLE, Process, kill_marked, marked, run_process

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
# Starts a process in a session of its own, prints its id and stays: as far from its parent as it gets.
RUNAWAY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid)
{then}
"""
# Starts a process that carries no mark, for its environment is empty, prints its id and stays.
BARE = """
import os, subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={{}}).pid, flush=True)
{then}
"""


def python(source: str, **options: object) -> list[str]:
    return [sys.executable, "-c", source.format(**options) if options else source]


def alive(pid: int) -> bool:
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def test_exit_status_and_last_lines_are_reported(tmp_path: Path) -> None:
    done = run_process(python("import sys; [print(n) for n in range(100)]; sys.exit(3)"), env=ENVIRONMENT, cwd=tmp_path)
    assert (done.returncode, done.ended) == (3, "exited")
    assert done.tail == [str(number) for number in range(50, 100)]


def test_a_line_without_end_comes_in_pieces(tmp_path: Path) -> None:
    source = f"import sys; [sys.stdout.write('x' * {LINE_LIMIT}) for _ in range(3)]; print('end'); print('next')"
    done = run_process(python(source), env=ENVIRONMENT, cwd=tmp_path)
    assert done.tail == ["x" * LINE_LIMIT] * 3 + ["end", "next"]


def test_a_line_of_just_the_limit_is_one_line(tmp_path: Path) -> None:
    done = run_process(python(f"print('x' * {LINE_LIMIT}); print(); print('next')"), env=ENVIRONMENT, cwd=tmp_path)
    assert done.tail == ["x" * LINE_LIMIT, "", "next"]


def test_each_line_is_handed_over_with_its_stream(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    source = "import sys; print('out'); print('err', file=sys.stderr)"
    run_process(
        python(source), env=ENVIRONMENT, cwd=tmp_path, on_line=lambda line, stream: lines.append((line, stream))
    )
    assert sorted(lines) == [("err", "stderr"), ("out", "stdout")]


def test_merged_streams_keep_the_order_of_printing(tmp_path: Path) -> None:
    source = "import sys; [print(n, file=(sys.stdout, sys.stderr)[n % 2]) for n in range(40)]"
    done = run_process(python(source), env=ENVIRONMENT, cwd=tmp_path, merge=True)
    assert done.tail == [str(number) for number in range(40)]


def test_an_error_of_the_reader_surfaces_and_does_not_block_the_process(tmp_path: Path) -> None:
    def refuse(line: str, stream: str) -> None:
        raise PermissionError("the log may not be written")

    with pytest.raises(PermissionError, match="the log may not be written"):
        run_process(python("print('x' * 10**6)"), env=ENVIRONMENT, cwd=tmp_path, on_line=refuse)


def test_the_environment_is_exactly_the_given_one(tmp_path: Path) -> None:
    done = run_process(python("import os; print(sorted(os.environ))"), env={"ONLY": "this"}, cwd=tmp_path, merge=True)
    assert "'ONLY'" in done.tail[0]
    assert "HOME" not in done.tail[0]


def test_cpu_time_counts_the_whole_tree(tmp_path: Path) -> None:
    burn = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}], check=True)"
    done = run_process(python(source), env=ENVIRONMENT, cwd=tmp_path)
    assert done.cpu_s >= 0.5
    assert done.wall_s >= 0.5


def test_a_timeout_ends_the_tree_and_says_so(tmp_path: Path) -> None:
    done = run_process(python(RUNAWAY, then="time.sleep(600)"), env=ENVIRONMENT, cwd=tmp_path, timeout=1.5)
    assert done.ended == "timed out"
    assert not alive(int(done.tail[0]))


def test_stopping_ends_the_tree_and_says_so(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    done = run_process(python(RUNAWAY, then="time.sleep(600)"), env=ENVIRONMENT, cwd=tmp_path, stop=stop)
    assert done.ended == "stopped"
    assert not alive(int(done.tail[0]))


def test_an_interrupt_while_waiting_ends_the_tree(tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    pids: list[int] = []
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_process(
                python(RUNAWAY, then="time.sleep(600)"),
                env=ENVIRONMENT,
                cwd=tmp_path,
                on_line=lambda line, stream: pids.append(int(line)),
            )
    finally:
        signal.signal(signal.SIGALRM, before)
    assert pids
    assert not any(alive(pid) for pid in pids)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.processes.process._GRACE_S", 0.3)
    source = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    process = Process(python(source), ENVIRONMENT, tmp_path)
    wait_until(lambda: list(process.tail), lambda lines: lines == ["deaf"])
    process.stop()
    assert not alive(process.pid)


@pytest.mark.parametrize(("grace_s", "printed"), [(0.0, []), (0.3, ["told"]), (60.0, ["told", "done"])])
def test_a_process_has_the_time_to_end_that_it_is_given(tmp_path: Path, grace_s: float, printed: list[str]) -> None:
    source = (
        "import signal, sys, time\n"
        "def end(*_): print('told'); time.sleep(1); print('done'); sys.exit(143)\n"
        "signal.signal(signal.SIGTERM, end); print('ready'); time.sleep(600)"
    )
    process = Process(python(source), ENVIRONMENT, tmp_path, grace=lambda: grace_s)
    wait_until(lambda: list(process.tail), lambda lines: lines == ["ready"])
    ended = process.stop()
    assert ended.tail == ["ready", *printed]
    assert ended.returncode == (143 if "done" in printed else -signal.SIGKILL)


def test_what_a_process_left_behind_is_killed_when_it_ends_by_itself(tmp_path: Path) -> None:
    done = run_process(python(RUNAWAY, then=""), env=ENVIRONMENT, cwd=tmp_path)
    assert (done.returncode, done.ended) == (0, "exited")
    assert not alive(int(done.tail[0]))


@pytest.mark.parametrize(("then", "ended"), [("", "exited"), ("time.sleep(600)", "timed out")])
def test_a_process_with_an_environment_of_its_own_is_killed_with_its_job(tmp_path: Path, then: str, ended: str) -> None:
    done = run_process(python(BARE, then=then), env=ENVIRONMENT, cwd=tmp_path, timeout=1.5)
    assert done.ended == ended
    assert not alive(int(done.tail[0]))


def test_a_job_that_throws_its_environment_away_is_killed(tmp_path: Path) -> None:
    bare = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    source = f"import os, sys; os.execve(sys.executable, [sys.executable, '-c', {bare!r}], {{}})"
    done = run_process(python(source), env=ENVIRONMENT, cwd=tmp_path, timeout=0.5)
    assert (done.ended, done.returncode) == ("timed out", -signal.SIGKILL)


def test_the_sessions_of_marked_processes_are_killed_with_them(tmp_path: Path) -> None:
    process = Process(python(BARE, then="time.sleep(600)"), ENVIRONMENT, tmp_path)
    pid = int(wait_until(lambda: list(process.tail), bool)[0])
    kill_marked(process.mark)
    assert not alive(pid)
    process.stop()


def test_the_session_of_a_caller_without_the_mark_is_spared(tmp_path: Path) -> None:
    here = subprocess.Popen(python("import time; time.sleep(600)"), env={**ENVIRONMENT, MARK_VARIABLE: "of-this-test"})
    beside = subprocess.Popen(python("import time; time.sleep(600)"), env=ENVIRONMENT)
    wait_until(lambda: marked("of-this-test"), bool)
    kill_marked("of-this-test")
    assert here.wait() == -signal.SIGKILL
    assert beside.poll() is None
    beside.kill()
    beside.wait()


def test_only_processes_with_the_mark_are_killed(tmp_path: Path) -> None:
    spared = Process(python("import time; time.sleep(600)"), ENVIRONMENT, tmp_path)
    doomed = Process(python("import time; time.sleep(600)"), ENVIRONMENT, tmp_path)
    wait_until(lambda: marked(doomed.mark), bool)
    kill_marked(doomed.mark)
    assert not marked(doomed.mark)
    assert spared.running
    spared.stop()
    doomed.stop()
