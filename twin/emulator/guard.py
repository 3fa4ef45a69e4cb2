"""Kills what an emulator has started once the emulator is gone: `python -m twin.emulator.guard MARK SESSION`.

It waits for its standard input to close, which the kernel does for it however the emulator ended, and then
kills every process that carries the emulator's mark or shares a session with one that does. SESSION is the
emulator's own, whose number nobody can ask for any more. It carries no mark itself and stands in a session of its
own, so that a Ctrl-C at the terminal does not reach it.
"""

from __future__ import annotations

import sys

from twin.processes import kill_marked


def main() -> None:
    """Wait, then kill."""
    sys.stdin.buffer.read()
    kill_marked(sys.argv[1], [int(sys.argv[2])])


if __name__ == "__main__":
    main()
