"""What tokens cost, in whole billionths of a dollar: sums of them are exact, whoever adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from lambdas.gateway.exchange import NANO, Usage

_MILLION = 10**6
# Of the price of an input token. https://aws.amazon.com/bedrock/pricing/ has both by model; where a model's own are
# not given, these are Anthropic's for five minutes, the dearest.
CACHE_READ, CACHE_WRITE = Decimal("0.1"), Decimal("1.25")


@dataclass(frozen=True)
class Price:
    """US dollars a million tokens; a price of what prompt caching reads and writes that is not given is a share of it.

    >>> nano_usd(Usage(input_tokens=1000, output_tokens=100), Price(Decimal("0.04"), Decimal("0.14")))
    54000
    """

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal
    cache_read_usd_per_million: Decimal | None = None
    cache_write_usd_per_million: Decimal | None = None


def price_of(document: Mapping[str, object] | None) -> Price | None:
    """Read a price out of the gateway's settings; None where a model is not paid by the token.

    Raises:
        ValueError: a price is missing, or is no number from 0 up.
    """
    if document is None:
        return None
    known = Price.__dataclass_fields__
    wrong = [name for name in document if name not in known]
    wrong += [name for name in known if name.startswith(("input", "output")) and name not in document]
    values = {name: Decimal(str(value)) for name, value in document.items() if isinstance(value, (int, float))}
    wrong += [name for name in document if name in known and not (name in values and values[name] >= 0)]
    if wrong:
        raise ValueError(f"a price is dollars a million tokens, by {', '.join(known)}; wrong are {', '.join(wrong)}")
    return Price(**values)


def nano_usd(usage: Usage, price: Price) -> int:
    """Give the cost of an answer in billionths of a dollar, rounded up."""
    read, write = price.cache_read_usd_per_million, price.cache_write_usd_per_million
    per_million = (
        usage.input_tokens * price.input_usd_per_million
        + usage.output_tokens * price.output_usd_per_million
        + usage.cache_read_tokens * (CACHE_READ * price.input_usd_per_million if read is None else read)
        + usage.cache_write_tokens * (CACHE_WRITE * price.input_usd_per_million if write is None else write)
    )
    return int((per_million * NANO / _MILLION).to_integral_value(ROUND_CEILING))
