"""uvicorn's protocol, which also tells the application the connection that a request came by."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from lambdas.gateway.outbox import CONNECTION


class Protocol(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection into the state that each of its requests has a copy of."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, CONNECTION: transport}
