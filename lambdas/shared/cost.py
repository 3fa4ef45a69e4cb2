"""What one request costs, from the price in the model catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lambdas.shared.fields import Fields


@dataclass(frozen=True)
class TokenPrice:
    """US dollars for a thousand tokens read and a thousand written: on-demand models."""

    basis: ClassVar[str] = "tokens"
    """What a cost was worked out from."""

    usd_per_1k_input_tokens: float
    usd_per_1k_output_tokens: float

    def usd(self, input_tokens: int, output_tokens: int, seconds: float) -> float:  # noqa: ARG002
        """Give the dollars for one request."""
        read = input_tokens * self.usd_per_1k_input_tokens
        written = output_tokens * self.usd_per_1k_output_tokens
        return (read + written) / 1000


@dataclass(frozen=True)
class TimePrice:
    """US dollars for a second of compute: imported models and functions.

    A lower bound for an imported model: AWS bills it in windows of five minutes while it is warm. The seconds are
    measured, and depend on what answered.
    """

    basis: ClassVar[str] = "seconds"

    usd_per_second: float

    def usd(self, input_tokens: int, output_tokens: int, seconds: float) -> float:  # noqa: ARG002
        """Give the dollars for one request that kept the model busy for `seconds`."""
        return seconds * self.usd_per_second


Price = TokenPrice | TimePrice


def in_dollars(usd: float) -> str:
    """Write a cost with four decimals; one that they do not show is not written as if it were none.

    >>> [in_dollars(usd) for usd in (7.11, 0.00002, 0.0)]
    ['$7.1100', 'less than $0.0001', 'nothing']
    """
    if usd == 0:
        return "nothing"
    return f"${usd:.4f}" if usd >= 0.0001 else "less than $0.0001"


def parse_price(fields: Fields) -> Price:
    """Read a price; one that names neither tokens nor seconds is refused, so nothing is free by omission."""
    if "usd_per_second" in fields:
        return TimePrice(fields.number("usd_per_second", minimum=0))
    return TokenPrice(
        fields.number("usd_per_1k_input_tokens", minimum=0),
        fields.number("usd_per_1k_output_tokens", minimum=0),
    )
