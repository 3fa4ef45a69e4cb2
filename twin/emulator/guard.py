"""Kills what an emulator has started once the emulator is gone: `python -m twin.emulator.guard MARK`.

It waits for its standard input to close, which the kernel does for it however the emulator ended, and then
kills every process that carries the emulator's mark. It carries no mark itself and stands in a session of
its own, so that a Ctrl-C at the terminal does not reach it.
"""

from __future__ import annotations

import sys

from twin.processes import kill_marked


def main() -> None:
    """Wait, then kill."""
    sys.stdin.buffer.read()
    kill_marked(sys.argv[1])


if __name__ == "__main__":
    main()
