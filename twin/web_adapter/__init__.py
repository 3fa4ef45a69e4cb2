"""Functions that bring an HTTP application and the Lambda Web Adapter's layer: they run, buffered and streaming.

The layer itself is AWS's and is not here; what it does is done by this package: it starts the application, waits for
it, and forwards API Gateway's events to it as HTTP requests.
"""

from __future__ import annotations

from typing import Any

from twin.emulator import hooks
from twin.emulator.hooks import WebFunction
from twin.web_adapter.invocation import Invocation
from twin.web_adapter.pool import Pool


def register() -> None:
    """Run functions whose layers hold the adapter."""
    pool = Pool()

    def invocation(function: WebFunction, event: Any, request_id: str) -> Invocation:
        return Invocation(pool, function, event, request_id)

    hooks.run_web_functions_with(invocation, pool.retire)
    hooks.on_shutdown(pool.end)
