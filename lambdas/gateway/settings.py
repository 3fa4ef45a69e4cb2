"""The gateway's settings: one JSON document, read once.

Most of it lies in the asset, as `gateway.json`, written at synthesis. Its members `models`, `approved_price`,
`embedding` and `prompt_embedding` hang on the region of the deployment and come from the environment, as names and ARNs
do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdas.gateway.exchange import APPROVED, Usage
from lambdas.shared import environment
from lambdas.shared.errors import ConfigurationError
from lambdas.shared.fields import Fields

if TYPE_CHECKING:
    from lambdas.gateway.usage import cost

DEFAULT_PATH = "/var/task/gateway.json"
REMEDY = "Synthesize and deploy the gateway's stack anew; it writes this document."


class Price(NamedTuple):
    """US dollars for a million tokens read and a million written."""

    input_usd_per_million: float
    output_usd_per_million: float

    def nano_usd(self, usage: Usage) -> int:
        """Give what tokens cost, in billionths of a dollar, as the meter counts them."""
        from lambdas.gateway.usage import cost

        return cost.nano_usd(usage, _exact(self))


@lru_cache(maxsize=32)
def _exact(price: Price) -> cost.Price:
    """Give a price in decimals, which is worth doing once."""
    from decimal import Decimal

    from lambdas.gateway.usage import cost

    return cost.Price(Decimal(str(price.input_usd_per_million)), Decimal(str(price.output_usd_per_million)))


class Model(NamedTuple):
    """A model on Bedrock that may be asked by its name.

    Attributes:
        model_id: model, inference profile or custom deployment.
        sampling: whether it takes a temperature and `top_p`.
        streaming: whether it can be asked to answer token by token.
        prompt_caching: whether it keeps the beginning of a prompt that is marked for it.
        price: None where it is not paid by the token.
    """

    name: str
    model_id: str
    context_tokens: int
    sampling: bool
    streaming: bool
    prompt_caching: bool
    price: Price | None


class Embedding(NamedTuple):
    """The model that texts become vectors by; `context_tokens` is None where nobody says how much it reads."""

    name: str
    model_id: str
    dimensions: int
    context_tokens: int | None
    price: Price | None


class Limits(NamedTuple):
    """What one request may ask for.

    Attributes:
        max_output_tokens: of an answer to the task.
        max_chat_tokens: of a chat's, and of one from documents.
    """

    max_input_characters: int
    max_output_tokens: int
    max_chat_tokens: int
    max_document_bytes: int
    max_passages: int


class CacheSettings(NamedTuple):
    """What is answered from former answers; `least_similarity` is None where no semantic cache is wanted."""

    exact: bool
    ttl_seconds: int
    least_similarity: float | None


class Budget(NamedTuple):
    """Most US dollars a day, for each caller and for all together; None is no bound."""

    caller_usd_per_day: float | None
    usd_per_day: float | None


class Settings(NamedTuple):
    """All of `gateway.json`.

    Attributes:
        authorization: ``iam``, or ``none`` where everybody may ask under the services' root.
        task_kind: the task's, such as ``classification``.
        instruction: the task's, which stands before each text.
        approved_price: the dearest of what may be approved; None where it is paid by the hour.
        endpoint_context_tokens: what the workflow's own endpoint reads and writes at most in one request.
        embedding: what documents, and texts of callers, become vectors by.
        prompt_embedding: what the passages of an approved model's prompt are found by.
        fallback: by a model's name the names that are tried after it, in turn.
        least_evidence: from 0 to 1, what a passage of a document needs to have to do with a question.
        document: all of it as it is written, for the parts that read their own.
    """

    authorization: str
    task_kind: str
    instruction: str
    limits: Limits
    models: tuple[Model, ...]
    approved_price: Price | None
    endpoint_context_tokens: int | None
    fallback: Mapping[str, tuple[str, ...]]
    embedding: Embedding | None
    prompt_embedding: Embedding | None
    cache: CacheSettings
    budget: Budget
    least_evidence: float
    document: Mapping[str, Any]

    def model(self, name: str) -> Model | None:
        """Give the model of a name; None for one that is not in the settings, and for the approved one."""
        return next((model for model in self.models if model.name == name), None)

    def price_of_embedding(self, model_id: str) -> Price | None:
        """Give what an embedding model takes; None for one that is not in the settings, or not paid by the token."""
        known = (model for model in (self.embedding, self.prompt_embedding) if model is not None)
        return next((model.price for model in known if model.model_id == model_id), None)


def current() -> Settings:
    """Give the settings of this environment: GATEWAY_SETTINGS, the document's path, and GATEWAY_MODELS.

    Raises:
        ConfigurationError: the document is missing, or a field of it is.
    """
    return read(environment.optional("GATEWAY_SETTINGS") or DEFAULT_PATH, environment.optional("GATEWAY_MODELS"))


@lru_cache(maxsize=4)
def read(path: str, members: str = "") -> Settings:
    """Read a document of settings, and the members of it that lie elsewhere."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8")) | json.loads(members or "{}")
    except (OSError, ValueError, TypeError) as failure:
        raise ConfigurationError(
            f"The gateway's settings cannot be read: {failure}",
            where=path,
            remedy=f"{REMEDY} Elsewhere, set GATEWAY_SETTINGS to the path of such a document.",
        ) from failure
    return _settings(Fields(value, path, ConfigurationError, REMEDY))


def _settings(fields: Fields) -> Settings:
    models = tuple(_model(item) for item in fields.items("models"))
    cache, budget = fields.fields("cache"), fields.fields("budget")
    least = cache.fields("semantic").number("least_similarity", 0, 1) if "semantic" in cache else None
    return Settings(
        authorization=fields.text("authorization", default="iam"),
        task_kind=fields.text("task_kind"),
        instruction=fields.text("instruction"),
        limits=_limits(fields.fields("limits")),
        models=models,
        approved_price=_price(fields, "approved_price"),
        endpoint_context_tokens=_optional_count(fields, "endpoint_context_tokens"),
        fallback=_fallback(fields, {APPROVED, *(model.name for model in models)}),
        embedding=_embedding(fields, "embedding"),
        prompt_embedding=_embedding(fields, "prompt_embedding"),
        cache=CacheSettings(cache.flag("exact"), cache.integer("ttl_seconds", minimum=1), least),
        budget=Budget(_optional_number(budget, "caller_usd_per_day"), _optional_number(budget, "usd_per_day")),
        least_evidence=fields.number("least_evidence", 0, 1),
        document=fields.as_dict(),
    )


def _limits(fields: Fields) -> Limits:
    return Limits(
        max_input_characters=fields.integer("max_input_characters", minimum=1, maximum=1_000_000),
        max_output_tokens=fields.integer("max_output_tokens", minimum=1, maximum=100_000),
        max_chat_tokens=fields.integer("max_chat_tokens", minimum=1, maximum=100_000),
        max_document_bytes=fields.integer("max_document_bytes", minimum=1, maximum=10_000_000),
        max_passages=fields.integer("max_passages", minimum=1, maximum=1000),
    )


def _model(fields: Fields) -> Model:
    if (platform := fields.text("platform")) != "bedrock":
        raise fields.complaint(f"The platform {platform!r} is not bedrock")
    return Model(
        name=fields.text("name"),
        model_id=fields.text("model_id"),
        context_tokens=fields.integer("context_tokens", minimum=1),
        sampling=fields.flag("sampling"),
        streaming=fields.flag("streaming"),
        prompt_caching=fields.flag("prompt_caching"),
        price=_price(fields, "price"),
    )


def _embedding(fields: Fields, name: str) -> Embedding | None:
    if name not in fields:
        return None
    nested = fields.fields(name)
    dimensions = nested.integer("dimensions", minimum=1)
    context = _optional_count(nested, "context_tokens")
    return Embedding(nested.text("name"), nested.text("model_id"), dimensions, context, _price(nested, "price"))


def _fallback(fields: Fields, known: set[str]) -> dict[str, tuple[str, ...]]:
    nested = fields.fields("fallback")
    chains = {name: tuple(nested.texts(name)) for name in nested}
    for name in {*chains, *(following for chain in chains.values() for following in chain)} - known:
        raise fields.complaint(f"The fallback names the model {name!r}; known are {', '.join(sorted(known))}")
    return chains


def _price(fields: Fields, name: str) -> Price | None:
    if name not in fields:
        return None
    nested = fields.fields(name)
    return Price(nested.number("input_usd_per_million", minimum=0), nested.number("output_usd_per_million", minimum=0))


def _optional_count(fields: Fields, name: str) -> int | None:
    return fields.integer(name, minimum=1) if name in fields else None


def _optional_number(fields: Fields, name: str) -> float | None:
    return fields.number(name, minimum=0) if name in fields else None
