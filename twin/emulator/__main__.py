"""The emulator's process: `twin.emulator.Emulator` starts it, with its settings in the environment."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from twin.emulator.access import HOST, LOCK
from twin.emulator.launcher import WORK_DIR_VARIABLE
from twin.processes import MARK_VARIABLE, kill_marked


def main() -> None:
    """Serve until told to end: by SIGTERM, by SIGINT or by the end of standard input."""
    work_dir = Path(os.environ[WORK_DIR_VARIABLE])
    lock = (work_dir / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another emulator is using {work_dir}. End it, or give this one a directory of its own.")
    mark = os.environ[MARK_VARIABLE]
    # The pipe to the guard must stay open until this process is gone, so the guard is neither closed nor waited
    # for: it kills whatever carries the mark, and this process does.
    guard = _start_guard(mark)
    status = 1
    try:
        asyncio.run(_serve(mark))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        kill_marked(mark)
        guard.returncode = 0
        logging.shutdown()
        # Not sys.exit: it would wait for threads, and a thread may wait for a request that will not end.
        os._exit(status)


def _start_guard(mark: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}
    return subprocess.Popen(
        [sys.executable, "-m", "twin.emulator.guard", mark, str(os.getpid())],
        env=environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


async def _serve(mark: str) -> None:
    # Imported here because the emulator reads its settings from the environment when it is imported, and
    # because the guard must stand before anything that may start a process.
    from twin.emulator import hooks, registry

    registry.register()
    hooks.load_persisted()
    told, stop = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    threading.Thread(target=_watch_parent, args=(loop, told), daemon=True).start()
    serving = asyncio.create_task(hooks.serve(HOST, int(os.environ["GATEWAY_PORT"]), stop))
    telling = asyncio.create_task(told.wait())
    await asyncio.wait({serving, telling}, return_when=asyncio.FIRST_COMPLETED)
    # What runs is ended first: requests that wait for it then end too, and the server with them.
    await asyncio.to_thread(hooks.stop_work)
    await asyncio.to_thread(kill_marked, mark)
    stop.set()
    await serving
    hooks.save_persisted()


def _watch_parent(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> None:
    sys.stdin.buffer.read()
    loop.call_soon_threadsafe(told.set)


if __name__ == "__main__":
    main()
