"""The server's process. It prints one line of JSON, `{"url": "http://127.0.0.1:…"}`, once the model is loaded.

Where a llama-server of the user's own serves, this process only minds it: it ends when this one's parent does, which
llama-server by itself would not.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from twin.model_server.flags import command_line, parameters, parser
from twin.model_server.program import own_program

_PARENT_CHECK_S = 0.5
_END_S = 5


def main() -> None:
    """Serve until the parent ends this process, or has itself ended."""
    parent = os.getppid()
    arguments = parser().parse_args()
    if program := own_program():
        sys.exit(_mind(program, command_line(arguments), lambda: os.getppid() == parent))
    from xllamacpp import Server

    server = Server(parameters(arguments))
    print(json.dumps({"url": server.listening_address}), flush=True)
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)


def _mind(program: Path, flags: list[str], wanted: Callable[[], bool]) -> int:
    """Run a program for as long as it is wanted and nobody ends this process; its exit status."""
    with subprocess.Popen([program, *flags]) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while server.poll() is None and wanted():
            try:
                server.wait(_PARENT_CHECK_S)
            except subprocess.TimeoutExpired:
                continue
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(_END_S)
            except subprocess.TimeoutExpired:
                server.kill()
        return server.wait()


if __name__ == "__main__":
    main()
