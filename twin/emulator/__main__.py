"""The emulator's process: `twin.emulator.Emulator` starts it, with its settings in the environment."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from twin.emulator.launcher import WORK_DIR_VARIABLE
from twin.processes import MARK_VARIABLE, kill_marked


def main() -> None:
    """Serve until told to end: by SIGTERM, by SIGINT or by the end of standard input."""
    work_dir = Path(os.environ[WORK_DIR_VARIABLE])
    lock = (work_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another emulator is using {work_dir}. End it, or give this one a directory of its own.")
    # The pipe to the guard must stay open until this process is gone, so the guard is neither closed nor waited
    # for: it kills whatever carries the mark, and this process does.
    guard = _start_guard()
    try:
        asyncio.run(_serve())
    finally:
        kill_marked(os.environ[MARK_VARIABLE])
        guard.returncode = 0


def _start_guard() -> subprocess.Popen[bytes]:
    mark = os.environ[MARK_VARIABLE]
    environment = {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}
    return subprocess.Popen(
        [sys.executable, "-m", "twin.emulator.guard", mark],
        env=environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


async def _serve() -> None:
    # Imported here because the emulator reads its settings from the environment when it is imported, and
    # because the guard must stand before anything that may start a process.
    from twin.emulator import hooks, registry

    registry.register()
    hooks.load_persisted()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_watch_parent, args=(loop, stop), daemon=True).start()
    try:
        await hooks.serve("127.0.0.1", int(os.environ["GATEWAY_PORT"]), stop)
    finally:
        hooks.shut_down()


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    main()
