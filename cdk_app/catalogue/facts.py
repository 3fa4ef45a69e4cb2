"""What the data files say of models: groups of facts that each name their sources; an `Entry` is made of them.

A fact that no source gives is None, never a guess: None is not no. Files that break a rule here do not load.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["chat", "embedding", "image", "rerank"]
Medium = Literal["text", "image", "audio", "video", "embedding", "score"]
Method = Literal["fine-tuning", "reinforcement-fine-tuning", "continued-pre-training", "distillation", "import"]
Service = Literal["bedrock", "sagemaker"]
Unit = Literal["1k tokens", "image", "query", "minute", "second"]
Processor = Literal["cpu", "gpu", "neuron"]

ACCOUNT = "account"
"""The source of what AWS told: the key that stands in entries for it."""

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
Geography = Annotated[str, Field(pattern=r"^[a-z]{2,6}$")]
Usd = Annotated[float, Field(gt=0)]
Tokens = Annotated[int, Field(gt=0)]


class Record(BaseModel):
    """Immutable, and without a key that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Where facts stand, and the day on which they were read there."""

    title: str
    url: Annotated[str | None, Field(pattern=r"^https://")] = None
    file: str | None = None
    """A file of this project, for what the project itself decides."""
    version: str | None = None
    """The package that carries the facts, pinned."""
    read: datetime.date

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Source:
        if (self.url is None) == (self.file is None):
            raise ValueError("a source has either a `url` or a `file`")
        return self


class Sourced(Record):
    """A group of facts."""

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Keys of data/sources.json."""


class Limits(Sourced):
    """How much a request may hold."""

    context_tokens: Tokens | None = None
    """Longest prompt and answer together, in tokens."""
    max_output_tokens: Tokens | None = None
    dimensions: Tokens | None = None
    """Length of the vectors that an embedding model gives where a request asks for none."""


class Profile(Record):
    """A cross-region inference profile of Bedrock, as requests from some regions see it."""

    geography: Geography
    """Prefix of the profile's id: `us`, `eu`, `apac`, … or `global`."""
    source_regions: Annotated[tuple[Region, ...], Field(min_length=1, alias="from")]
    """Regions that requests are made in."""
    destination_regions: Annotated[tuple[Region, ...], Field(alias="to")] = ()
    """Regions that may answer; none for `global`, which is every commercial region."""

    @model_validator(mode="after")
    def _says_where_it_leads(self) -> Profile:
        if (self.geography == "global") != (not self.destination_regions):
            raise ValueError("a profile names its destinations in `to`, unless it is global")
        return self


class Bedrock(Sourced):
    """The model on Bedrock: its id, and where it answers."""

    model_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9.-]+(:\d+)?$")]
    lifecycle: Literal["active", "legacy"] | None = None
    on_demand: tuple[Region, ...] = ()
    """Regions that answer to the model's own id."""
    profiles: tuple[Profile, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region that a request may be made in."""
        return tuple(
            sorted({*self.on_demand, *(region for profile in self.profiles for region in profile.source_regions)})
        )

    def ways(self, region: str) -> set[str]:
        """What a request from a region may name, in the words of `Price.by`."""
        found = {profile.geography for profile in self.profiles if region in profile.source_regions}
        return found | {"on-demand"} if region in self.on_demand else found


class Abilities(Sourced):
    """What Bedrock's API lets the model do."""

    converse: bool | None = None
    streaming: bool | None = None
    system_prompt: bool | None = None
    tool_use: bool | None = None
    sampling: bool | None = None
    """Whether it takes a temperature; what refuses one is asked without."""
    prompt_caching: bool | None = None
    """Whether it keeps the beginning of a prompt that is marked for it, and reads it cheaper the next time."""


class Licence(Sourced):
    """The terms of use."""

    name: str | None = None
    terms: Annotated[str | None, Field(pattern=r"^https://")] = None
    """The page that has the licence, or the end user licence agreement."""


class Hyperparameter(Record):
    """A number that a customization job of Bedrock takes, by the API's name for it."""

    name: Annotated[str, Field(pattern=r"^[a-z][A-Za-z]+$")]
    least: float
    most: float
    default: float

    @model_validator(mode="after")
    def _has_its_default_within(self) -> Hyperparameter:
        if not self.least <= self.default <= self.most:
            raise ValueError("the default lies outside the bounds")
        return self


class TuningPrice(Sourced):
    """What a tuned model costs on Bedrock, in US dollars: to train, to keep, and to ask."""

    region: Region | None = None
    """The region it is asked for; None: wherever the model is tuned."""
    usd_trained: Usd | None = None
    """A thousand tokens of training data, in each epoch."""
    usd_month: Usd | None = None
    """Keeping the model for a month."""
    usd_unit_hour: Usd | None = None
    """A model unit of provisioned throughput for an hour, without commitment."""
    usd_in: Usd | None = None
    """A thousand tokens of what it is asked on demand."""
    usd_out: Usd | None = None
    on_demand_as_base: bool = False
    """Whether it is billed on demand as its base model is."""

    @model_validator(mode="after")
    def _says_something(self) -> TuningPrice:
        known = (self.usd_trained, self.usd_month, self.usd_unit_hour, self.usd_in, self.usd_out)
        if not self.on_demand_as_base and all(usd is None for usd in known):
            raise ValueError("a price of tuning has at least one price")
        return self


class Customization(Sourced):
    """A way to make the model one's own."""

    method: Method
    service: Service
    regions: tuple[Region, ...] = ()
    """Regions that offer it; none where the source names none."""
    base_model_id: Annotated[str | None, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9.-]+(:\w+)*$")] = None
    """What a job of Bedrock names as the model to customize, which is not what requests name."""
    hyperparameters: tuple[Hyperparameter, ...] = ()
    """Those that a job of Bedrock takes; none where no source names any."""
    on_demand: tuple[Region, ...] = ()
    """Regions in which what comes out is served on demand; where there is none, with provisioned throughput alone."""
    prices: tuple[TuningPrice, ...] = ()
    """What is known of its price; of what is not here no source was read."""
    asked: tuple[Region, ...] = ()
    """Regions of which AWS was asked for its prices: it names no others there than those in `prices`."""

    @model_validator(mode="after")
    def _has_prices_of_bedrock(self) -> Customization:
        if self.prices and self.service != "bedrock":
            raise ValueError("SageMaker bills instances by time: only Bedrock's customization has `prices`")
        return self


class Price(Sourced):
    """A list price in US dollars."""

    by: str
    """What requests name: `on-demand`, a geography, `global`; or `import`, `function`."""
    unit: Unit
    usd_in: Usd | None = None
    """A unit of what goes in; of what is billed by time, or by the query, a unit."""
    usd_out: Usd | None = None
    region: Region | None = None
    """The region it was asked for; None: the list price, of the place that `place` names."""

    @property
    def place(self) -> str:
        """Where it holds: the region, the regions of a profile (a geography's or the global one), or the United States.

        The list price of the United States may be lower than what is billed elsewhere.
        """
        if self.region is not None:
            return self.region
        of_a_profile = self.by not in ("on-demand", "us", "import", "function")
        return f"the regions of the profile `{self.by}`" if of_a_profile else "the United States"

    @model_validator(mode="after")
    def _is_a_price(self) -> Price:
        if self.usd_in is None and self.usd_out is None:
            raise ValueError("a price has `usd_in`, `usd_out` or both")
        return self


class EndOfLife(Sourced):
    """The day after which Bedrock no longer answers."""

    day: datetime.date


class SageMaker(Sourced):
    """The model on SageMaker: where its weights come from, and which images serve them."""

    jumpstart_id: Annotated[str | None, Field(pattern=r"^[a-z0-9-]+$")] = None
    hugging_face_id: Annotated[str | None, Field(pattern=r"^[\w.-]+/[\w.-]+$")] = None
    images: dict[Processor, tuple[str, ...]] = {}
    """Keys of data/images.json, by processor."""

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> SageMaker:
        if self.jumpstart_id is None and self.hugging_face_id is None:
            raise ValueError("needs a `jumpstart_id` or a `hugging_face_id`")
        return self


class Image(Sourced):
    """A container image that serves models on SageMaker."""

    processor: Processor
    repository: str
    version: str
    tag: str | None = None
