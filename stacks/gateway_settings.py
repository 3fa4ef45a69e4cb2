"""What the gateway's function reads of the settings: `gateway.json` in its archive, and its models in its environment.

Models' ids and prices hang on the region of the deployment, which an archive does not know; CloudFormation writes them
into the environment. Together the two are one JSON document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from constructs import Construct

from cdk_app.catalogue import ENTRIES, GEOGRAPHIES, Model, TokenPrice
from cdk_app.catalogue.facts import Limits
from cdk_app.constructs.bedrock import substitute
from cdk_app.settings import APPROVED, Settings, compact_json

Json = dict[str, Any]
_BYTES_PER_MB = 1_000_000
_SECONDS_PER_HOUR = 3600
_THOUSANDS_PER_MILLION = 1000
# Finer than any price list.
_DIGITS = 6
_SIDES = {"input_usd_per_million": "usd_per_1k_input_tokens", "output_usd_per_million": "usd_per_1k_output_tokens"}
# A price becomes a number, so it stands without quotation marks.
_OPEN_PRICE = re.compile(r'"<([A-Za-z0-9]+)>"')


def archived_settings(settings: Settings) -> str:
    """`gateway.json`: what is known at synthesis."""
    gateway = settings.gateway
    chains = {APPROVED: gateway.fallback} | {offered.model: offered.fallback for offered in gateway.models}
    semantic, guardrail = gateway.cache.semantic, gateway.guardrail
    document = {
        "authorization": gateway.authorization,
        "task_kind": settings.task.kind,
        "instruction": settings.task.instruction,
        "limits": limits(settings),
        "endpoint_context_tokens": settings.endpoint_context_tokens,
        "fallback": {name: list(chain) for name, chain in chains.items() if chain},
        "cache": {
            "exact": gateway.cache.exact,
            "ttl_seconds": gateway.cache.ttl_hours * _SECONDS_PER_HOUR,
            "semantic": {"least_similarity": semantic.least_similarity} if semantic else None,
        },
        "budget": {
            "caller_usd_per_day": gateway.budget.caller_usd_per_day,
            "usd_per_day": gateway.budget.usd_per_day,
        },
        "least_evidence": gateway.least_evidence,
        "guard": {
            "attacks": guardrail is not None and guardrail.attacks is not None,
            "grounding": guardrail is not None and (guardrail.grounding or guardrail.relevance) is not None,
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def limits(settings: Settings) -> dict[str, int]:
    """What the gateway refuses to go beyond; the page is told the same of them."""
    gateway = settings.gateway
    return {
        "max_input_characters": gateway.max_input_characters,
        "max_output_tokens": settings.serving.max_output_tokens,
        "max_chat_tokens": gateway.max_output_tokens,
        "max_document_bytes": int(gateway.max_document_mb * _BYTES_PER_MB),
        "max_passages": gateway.max_passages,
    }


def models_in_region(scope: Construct, settings: Settings) -> str:
    """The members of the document that hang on the region of the deployment: models, and what they cost there."""
    open_prices: dict[str, dict[str, float]] = {}
    document = {
        "models": [
            _offered(model, f"Offered{place}", open_prices) for place, model in enumerate(settings.offered_models)
        ],
        "approved_price": _price("Approved", _dearest(settings.candidate_models), open_prices),
        "embedding": _embedding(settings.document_embedder),
        # Finds the passages of an approved model's prompt.
        "prompt_embedding": _embedding(settings.embedding_model if settings.selection.searches_by_embeddings else None),
    }
    return substitute(scope, _OPEN_PRICE.sub(r"${\1}", compact_json(document)), open_prices)


def _offered(model: Model, name: str, open_prices: dict[str, dict[str, float]]) -> Json:
    abilities = ENTRIES[model.key].abilities
    return {
        "name": model.key,
        "platform": "bedrock",
        "model_id": model.converse_model_id,
        "context_tokens": model.context_tokens,
        "sampling": model.sampling,
        "streaming": abilities is None or abilities.streaming is not False,
        "prompt_caching": abilities is not None and abilities.prompt_caching is True,
        "price": _price(name, _by_geography(model), open_prices),
    }


def _embedding(model: Model | None) -> Json | None:
    if model is None:
        return None
    return {
        "name": model.key,
        "model_id": model.converse_model_id,
        "dimensions": dimensions(model),
        "context_tokens": _limits_of(model).context_tokens,
        "price": _price("Embedding", _by_geography(model), {}),
    }


def dimensions(model: Model) -> int:
    """The length of the vectors of an embedding model."""
    found = _limits_of(model).dimensions
    assert found is not None, f"the catalogue does not say how long the vectors of {model.key} are"
    return found


def _limits_of(model: Model) -> Limits:
    found = ENTRIES[model.key].limits
    assert found is not None, f"the catalogue says nothing of the limits of {model.key}"
    return found


def _by_geography(model: Model) -> Mapping[str, TokenPrice]:
    """The prices by the geography of the deployment; none of what is billed by time."""
    if not isinstance(model.price, TokenPrice):
        return {}
    return dict.fromkeys(GEOGRAPHIES.values(), model.price) | dict(model.prices_by_geography)


def _dearest(models: Iterable[Model]) -> Mapping[str, TokenPrice]:
    """The prices that no answer of one of `models` exceeds, by geography."""
    known = [prices for prices in map(_by_geography, models) if prices]
    return {
        geography: TokenPrice(
            max(prices[geography].usd_per_1k_input_tokens for prices in known),
            max(prices[geography].usd_per_1k_output_tokens for prices in known),
        )
        for geography in (known[0] if known else ())
    }


def _price(name: str, prices: Mapping[str, TokenPrice], open_prices: dict[str, dict[str, float]]) -> Json | None:
    """A price as the function reads it; what differs by geography is left open, and noted in `open_prices`."""
    if not prices:
        return None
    found: Json = {}
    for side, key in _SIDES.items():
        by = {place: round(getattr(price, key) * _THOUSANDS_PER_MILLION, _DIGITS) for place, price in prices.items()}
        found[side] = next(iter(by.values()))
        if len(set(by.values())) > 1:
            reference = f"{name}{side.partition('_')[0].capitalize()}"
            open_prices[reference] = by
            found[side] = f"<{reference}>"
    return found
