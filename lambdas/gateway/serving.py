"""uvicorn, with no more of it than is used.

Importing `uvicorn` itself imports its command line, and with that click: a sixth of a cold start for nothing. Its
modules are all that is needed, so the package is entered into `sys.modules` without being run.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from lambdas.gateway.application import Application
from lambdas.gateway.models import clients
from lambdas.shared import environment

HOST = "127.0.0.1"
WARMED = ("lambdas.gateway.routes.chat", "lambdas.gateway.routes.tasks")


def serve() -> None:
    """Answer requests until a signal ends it. Environment: AWS_LWA_PORT (default 8080)."""
    port = environment.integer("AWS_LWA_PORT", minimum=1, maximum=65_535, default=8080)
    ready(port).run()


def ready(port: int) -> Any:
    """Make a server that has done beforehand what its first request would wait for."""
    # The collector finds nothing in what imports leave behind, and would look seven times.
    gc.disable()
    made = server(Application(), port)
    made.config.load()
    for name in WARMED:
        import_module(name)
    clients.bedrock()
    gc.enable()
    gc.freeze()
    return made


def server(application: Application, port: int) -> Any:
    """Make the server of an application."""
    _enter_package()
    with _spared("logging.config"):
        from uvicorn.config import Config

    vars(sys.modules["uvicorn"])["Config"] = Config  # a module of it asks the package for this
    from uvicorn.server import Server

    from lambdas.gateway.protocol import Protocol

    return Server(
        Config(
            application,
            host=HOST,
            port=port,
            loop="asyncio",
            http=Protocol,
            ws="none",
            lifespan="on",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # The adapter keeps its connection for as long as the function lives.
            timeout_keep_alive=75,
        )
    )


def _enter_package() -> None:
    if "uvicorn" in sys.modules:
        return
    spec = importlib.util.find_spec("uvicorn")
    if spec is None:
        raise ModuleNotFoundError("uvicorn is not in the asset. Synthesize the gateway's stack anew.", name="uvicorn")
    sys.modules["uvicorn"] = importlib.util.module_from_spec(spec)


@contextmanager
def _spared(name: str) -> Iterator[None]:
    """Let a module be taken for imported meanwhile; what imports it here calls nothing of it with our settings."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = ModuleType(name)
    try:
        yield
    finally:
        del sys.modules[name]
