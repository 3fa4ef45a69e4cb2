"""What each caller has used today, and the cap on it."""

from lambdas.gateway.usage.cost import Price, nano_usd, price_of
from lambdas.gateway.usage.meter import CapReached, Meter, Spent

__all__ = ["CapReached", "Meter", "Price", "Spent", "nano_usd", "price_of"]
