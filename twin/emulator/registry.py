"""What the twin adds to the emulator, in one place."""

from __future__ import annotations

from twin.emulator import hooks


def register() -> None:
    """Plug every executor into the emulator; called once, before it serves."""
    hooks.trust_loopback()
