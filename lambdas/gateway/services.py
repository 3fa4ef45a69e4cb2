"""What the routes work with: the settings, the models, and the parts that are on where the environment names them.

Each part is imported when the first request needs it: a cold start pays for none of those that it does not use.
"""

from __future__ import annotations

from lambdas.gateway import settings
from lambdas.gateway.models.breaker import Breakers
from lambdas.gateway.settings import Settings


class Services:
    """Made once for a process."""

    def __init__(self) -> None:
        self.breakers = Breakers()

    @property
    def settings(self) -> Settings:
        """Give the settings; raises `ConfigurationError` where they cannot be read."""
        return settings.current()
