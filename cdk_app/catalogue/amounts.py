"""Amounts of US dollars as they are shown: in plain decimals, of tokens by the million."""

from __future__ import annotations

from decimal import Decimal

TOKENS_OF_A_PRICE = 1000
MILLION = 1_000_000
PER_MILLION = "per million tokens"


def per_million(usd_per_1k: float) -> float:
    """A price of a thousand tokens as one of a million, without the noise of the multiplication."""
    return round(usd_per_1k * (MILLION / TOKENS_OF_A_PRICE), 9)


def usd(amount: float) -> str:
    """Write an amount in plain decimals, with as many places as it has: `15`, `0.00006`."""
    text = f"{Decimal(repr(amount)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
