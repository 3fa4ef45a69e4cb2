"""What a tuned model costs, in words: to train, to keep, and to ask; of what no source was read, that it is so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from cdk_app.catalogue import Entry
from cdk_app.catalogue.amounts import PER_MILLION, per_million, usd
from cdk_app.catalogue.facts import Customization, Method, TuningPrice
from cdk_app.catalogue.overlay import TUNED_BY

NO_SOURCE = "no source read"
IMPORT: Method = "import"

_Words = Callable[[TuningPrice], str | None]


def tuning_prices(entry: Entry) -> Iterator[tuple[str, str]]:
    """Give what is known of the price of each way to customize the model, as a name and a text."""
    for customization in entry.customizations:
        if customization.service == "sagemaker":
            yield f"{customization.method} on sagemaker", SAGEMAKER
        elif customization.method != IMPORT:  # what an import costs stands among the prices of asking
            yield from _of_bedrock(customization)


SAGEMAKER = "by the hour of its instances. No price of theirs is here: tell it as `tuning.usd_per_hour`"


def has_tuning_cell(method: Method) -> bool:
    """Whether a way to customize has prices of its own: that of an import stands among the prices of asking."""
    return method != IMPORT


def tuning_cell(entry: Entry, method: Method) -> str:
    """Say the same in a cell of a table, of one way to customize that has prices of its own."""
    found = []
    for customization in entry.customizations:
        if customization.method == method and customization.service == "sagemaker":
            found.append("sagemaker: by the instance's hour")
        elif customization.method == method:
            known = [f"{name} {text}" for name, text in _parts(customization).items() if text]
            found.append(f"bedrock: {', '.join(known)}" if known else "bedrock")
    return "; ".join(found)


def tuning_not_known(entries: Iterable[Entry], method: Method) -> str:
    """Say of how many models a price of tuning on Bedrock is in no cell, and who can be asked; nothing if of none."""
    lacking: Counter[str] = Counter()
    for entry in entries:
        for customization in entry.customizations:
            if customization.method == method and customization.service == "bedrock":
                lacking.update(name for name, text in _parts(customization).items() if not text)
    if not lacking:
        return ""
    told = ", ".join(f"{name} of {count}" for name, count in lacking.items())
    asks = "; `fourfold models refresh --region REGION --write` asks AWS" if method == TUNED_BY else ""
    return f"Not known of what {method} costs on Bedrock, and left out: {told}{asks}."


def _parts(customization: Customization) -> dict[str, str | None]:
    known = {name: _told(customization, words) for name, (words, _) in _BEDROCK.items()}
    return {**known, "asking": _asked(customization)}


def _of_bedrock(customization: Customization) -> Iterator[tuple[str, str]]:
    method = customization.method
    for name, (words, unit) in _BEDROCK.items():
        yield f"{method}, {name}", _told(customization, words) or _not_told(customization, unit)
    yield f"{method}, asking", _asked(customization) or _not_told(customization, "token")


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
        return f"USD {usd(per_million(price.usd_in))} in, {usd(per_million(price.usd_out))} out {PER_MILLION}"
    return "on demand as the base model" if price.on_demand_as_base else None


def _trained(price: TuningPrice) -> str | None:
    return f"USD {usd(per_million(price.usd_trained))} {PER_MILLION} of each epoch" if price.usd_trained else None


def _kept(price: TuningPrice) -> str | None:
    return f"USD {usd(price.usd_month)} a month" if price.usd_month else None


def _by_the_hour(price: TuningPrice) -> str | None:
    return f"USD {usd(price.usd_unit_hour)} an hour, without commitment" if price.usd_unit_hour else None


_BEDROCK: dict[str, tuple[_Words, str]] = {
    "training": (_trained, "token"),
    "storage": (_kept, "month"),
    "model unit": (_by_the_hour, "hour"),
}
"""How each price is told, and what it is counted by."""


def _where(price: TuningPrice) -> str:
    return f" in {price.region}" if price.region else ""


def _not_told(customization: Customization, unit: str) -> str:
    """Say of a price that is not known who can be asked for it, or that AWS was asked and has none."""
    if customization.method != TUNED_BY or not customization.regions:
        return NO_SOURCE
    unasked = [region for region in customization.regions if region not in customization.asked]
    if unasked:
        return f"{NO_SOURCE}; `fourfold models refresh --region {unasked[0]} --write` asks AWS"
    return f"AWS names none by the {unit} in {', '.join(customization.regions)}"
