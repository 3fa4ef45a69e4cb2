"""The server's process. It prints one line of JSON, `{"url": "http://127.0.0.1:…"}`, once the model is loaded.

Where the environment names a llama-server of the user's own, that takes the process over, with the same flags.
"""

from __future__ import annotations

import json
import os
import time

from twin.model_server.flags import command_line, parameters, parser
from twin.model_server.program import own_program

_PARENT_CHECK_S = 0.5


def main() -> None:
    """Serve until the parent ends this process, or has itself ended."""
    parent = os.getppid()
    arguments = parser().parse_args()
    if program := own_program():
        # Given as a list, by whoever owns this process's environment.
        os.execv(program, [str(program), *command_line(arguments)])  # noqa: S606
    from xllamacpp import Server

    server = Server(parameters(arguments))
    print(json.dumps({"url": server.listening_address}), flush=True)
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)


if __name__ == "__main__":
    main()
