"""A model of the catalogue: everything that is known of it, in groups of facts that each name their sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue.facts import (
    Abilities,
    Bedrock,
    Customization,
    EndOfLife,
    Kind,
    Licence,
    Limits,
    Medium,
    Price,
    SageMaker,
    Sourced,
    Unit,
)

Platform = Literal["function", "bedrock", "bedrock-import", "sagemaker"]


class Entry(Sourced):
    """A model: what is known of it, and from where. Its own sources are those of its name, kind and media."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,40}$")]
    """What `workflow.yaml` and the command call it."""
    name: str
    provider: str
    kind: Kind
    reads: Annotated[tuple[Medium, ...], Field(min_length=1)]
    writes: Annotated[tuple[Medium, ...], Field(min_length=1)]
    function: bool = False
    """Whether a function of the workflow answers, and no model."""
    limits: Limits | None = None
    bedrock: Bedrock | None = None
    sagemaker: SageMaker | None = None
    abilities: Abilities | None = None
    licence: Licence | None = None
    customizations: tuple[Customization, ...] = ()
    prices: tuple[Price, ...] = ()
    end_of_life: EndOfLife | None = None

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """Where it runs."""
        imported = any(customization.method == "import" for customization in self.customizations)
        there: dict[Platform, bool] = {
            "function": self.function,
            "bedrock": self.bedrock is not None,
            "bedrock-import": imported,
            "sagemaker": self.sagemaker is not None,
        }
        return tuple(platform for platform, runs in there.items() if runs)

    @property
    def other_names(self) -> tuple[str, ...]:
        """What AWS and its maker call it, besides its key."""
        of_sagemaker = (self.sagemaker.jumpstart_id, self.sagemaker.hugging_face_id) if self.sagemaker else ()
        ids = (self.bedrock.model_id if self.bedrock else None, *of_sagemaker)
        return (self.name, *filter(None, ids))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The sources of every group of facts that has any."""
        single = {
            "limits": self.limits,
            "bedrock": self.bedrock,
            "sagemaker": self.sagemaker,
            "abilities": self.abilities,
            "licence": self.licence,
            "end of life": self.end_of_life,
        }
        found = {"name and media": self.sources} | {name: group.sources for name, group in single.items() if group}
        for name, facts in (("customization", self.customizations), ("price", self.prices)):
            if facts:
                found[name] = _sources(facts)
        if prices := [price for customization in self.customizations for price in customization.prices]:
            found["price of tuning"] = _sources(prices)
        return found

    def price(self, by: str, unit: Unit | None = None, region: str | None = None) -> Price | None:
        """The price of one way to ask: of `region` where it is known, else the list price."""
        fitting = [price for price in self.prices if price.by == by and unit in (None, price.unit)]
        return next(
            (price for wanted in (region, None) for price in fitting if price.region == wanted),
            None,
        )


def _sources(facts: Iterable[Sourced]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for fact in facts for source in fact.sources))
