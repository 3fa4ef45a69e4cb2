"""The gateway as it is served, with a signal that has it say what it holds: tasks, threads and requests at work."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
import threading

from lambdas.gateway.serving import ready
from lambdas.shared import environment


def main() -> None:
    """Serve, and answer SIGUSR1 with a line on the standard error."""
    asyncio.run(_serve())


async def _serve() -> None:
    server = ready(environment.integer("AWS_LWA_PORT", minimum=1, maximum=65_535))

    def tell() -> None:
        gc.collect()
        held = {
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "requests": server.config.app._working,
        }
        sys.stderr.write(f"{json.dumps(held)}\n")
        sys.stderr.flush()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    await server.serve()


if __name__ == "__main__":
    main()
