"""What one request costs, from the price in the model catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.shared.fields import Fields


@dataclass(frozen=True)
class TokenPrice:
    """US dollars for a thousand tokens read and a thousand written: on-demand models."""

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

    A lower bound for an imported model: AWS bills it in windows of five minutes while it is warm.
    """

    usd_per_second: float

    def usd(self, input_tokens: int, output_tokens: int, seconds: float) -> float:  # noqa: ARG002
        """Give the dollars for one request that kept the model busy for `seconds`."""
        return seconds * self.usd_per_second


Price = TokenPrice | TimePrice


def parse_price(fields: Fields) -> Price:
    """Read a price; one that names neither tokens nor seconds is refused, so nothing is free by omission."""
    if "usd_per_second" in fields:
        return TimePrice(fields.number("usd_per_second", minimum=0))
    return TokenPrice(
        fields.number("usd_per_1k_input_tokens", minimum=0),
        fields.number("usd_per_1k_output_tokens", minimum=0),
    )
