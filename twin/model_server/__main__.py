"""The server's process. It prints one line of JSON, `{"url": "http://127.0.0.1:…"}`, once the model is loaded."""

from __future__ import annotations

import json
import os
import time

from twin.model_server.flags import parameters, parser

_PARENT_CHECK_S = 0.5


def main() -> None:
    """Serve until the parent ends this process, or has itself ended."""
    parent = os.getppid()
    arguments = parser().parse_args()
    from xllamacpp import Server

    server = Server(parameters(arguments))
    print(json.dumps({"url": server.listening_address}), flush=True)
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)


if __name__ == "__main__":
    main()
