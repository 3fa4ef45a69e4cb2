"""What a tuned model costs, in words: to train, to keep, and to ask; of what no source was read, that it is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cdk_app.catalogue import Entry
from cdk_app.catalogue.facts import Customization, Method, TuningPrice
from cdk_app.catalogue.filters import per_million

NO_SOURCE = "no source read"
UNKNOWN = "?"

_Words = Callable[[TuningPrice], str | None]


def tuning_prices(entry: Entry) -> Iterator[tuple[str, str]]:
    """Give what is known of the price of each way to customize the model, as a name and a text."""
    for customization in entry.customizations:
        if customization.service == "sagemaker":
            yield f"{customization.method} on sagemaker", SAGEMAKER
        elif customization.method != "import":  # what an import costs stands among the prices of asking
            yield from _of_bedrock(customization)


SAGEMAKER = "by the hour of its instances. No price of theirs is here: tell it as `tuning.usd_per_hour`"


def tuning_cell(entry: Entry, method: Method) -> str:
    """Say the same in a cell of a table, of one way to customize."""
    found = []
    for customization in entry.customizations:
        if customization.method == method and customization.service == "sagemaker":
            found.append("sagemaker: by the instance's hour")
        elif customization.method == method:
            known = {name: _told(customization, words) for name, words in _BEDROCK.items()}
            asked = _asked(customization) or UNKNOWN
            parts = [f"{name} {text or UNKNOWN}" for name, text in known.items()]
            found.append(f"bedrock: {', '.join([*parts, f'asking {asked}'])}")
    return "; ".join(found)


def _of_bedrock(customization: Customization) -> Iterator[tuple[str, str]]:
    method = customization.method
    for name, words in _BEDROCK.items():
        yield f"{method}, {name}", _told(customization, words) or _not_read(customization)
    yield f"{method}, asking", _asked(customization) or _not_read(customization)


def _told(customization: Customization, words: _Words) -> str | None:
    told = [f"{text}{_where(price)}" for price in customization.prices if (text := words(price))]
    return "; ".join(told) or None


def _asked(customization: Customization) -> str | None:
    if told := _told(customization, _on_demand):
        return told
    # Where no region is known, it is not known either whether what comes out is served on demand.
    return None if customization.on_demand or not customization.regions else "by the model unit alone"


def _on_demand(price: TuningPrice) -> str | None:
    if price.usd_in is not None and price.usd_out is not None:
        return f"USD {per_million(price.usd_in):g} in, {per_million(price.usd_out):g} out per million tokens"
    return "on demand as the base model" if price.on_demand_as_base else None


def _trained(price: TuningPrice) -> str | None:
    return f"USD {per_million(price.usd_trained):g} per million tokens of each epoch" if price.usd_trained else None


def _kept(price: TuningPrice) -> str | None:
    return f"USD {price.usd_month:g} a month" if price.usd_month else None


def _by_the_hour(price: TuningPrice) -> str | None:
    return f"USD {price.usd_unit_hour:g} an hour, without commitment" if price.usd_unit_hour else None


_BEDROCK: dict[str, _Words] = {"training": _trained, "storage": _kept, "model unit": _by_the_hour}


def _where(price: TuningPrice) -> str:
    return f" in {price.region}" if price.region else ""


def _not_read(customization: Customization) -> str:
    if not customization.regions:
        return NO_SOURCE
    return f"{NO_SOURCE}; `fourfold models refresh --region {customization.regions[0]} --write` asks AWS"
