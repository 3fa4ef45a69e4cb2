"""Serving, saving and ending the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app
from ministack.core import persistence

from twin.emulator import border
from twin.emulator.hooks.streams import with_clients

Save = Callable[[], Any]
Load = Callable[[Any], None]
_persisted: dict[str, tuple[Save, Load]] = {}
_at_shutdown: list[Callable[[], None]] = []


def persist(name: str, save: Save, load: Load) -> None:
    """Keep what `save()` gives (JSON) when the emulator stops, and hand it to `load` when it next starts.

    Only an emulator that was started with `persist=True` does so.
    """
    _persisted[name] = (save, load)


def on_shutdown(stop: Callable[[], None]) -> None:
    """Call `stop` when the emulator ends, for instance to end a model server's process."""
    _at_shutdown.append(stop)


def load_persisted() -> None:
    """Restore what was saved; the launcher calls it once before serving."""
    for name, (_, load) in _persisted.items():
        state = persistence.load_state(f"fourfold_{name}")
        if state is not None:
            load(state)


def stop_work() -> None:
    """Stop what was registered; the launcher calls it once, while it still serves."""
    while _at_shutdown:
        _at_shutdown.pop()()


def save_persisted() -> None:
    """Save what was registered; the launcher calls it once after serving."""
    for name, (save, _) in _persisted.items():
        persistence.save_state(f"fourfold_{name}", save())


async def serve(host: str, port: int, stop: asyncio.Event) -> None:
    """Serve the emulator until `stop` is set; `twin.emulator.border` says to whom."""
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    await hypercorn_serve(border.guarded(with_clients(app.app)), config, shutdown_trigger=stop.wait)
