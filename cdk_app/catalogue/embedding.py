"""The models that embed texts for a workflow: those of Bedrock whose bodies `lambdas/shared/embedding.py` knows.

Open ones are asked by the id that their import has. Bedrock itself imports none of their kind today; the twin does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Bedrock
from cdk_app.catalogue.model import Model, SecondPrice, TokenPrice
from cdk_app.catalogue.regions import Route, template_route
from cdk_app.catalogue.workflow import CATALOGUE, ENTRIES

_KNOWN_BODIES = ("amazon.titan-embed-text-", "cohere.embed-")
_LIST_PRICE: dict[Route, str] = {"global": "global", "geographic": "us", "on-demand": "on-demand"}


def _of_bedrock(entry: Entry, bedrock: Bedrock) -> Model | None:
    route = template_route(bedrock)
    price = entry.price(_LIST_PRICE[route], "1k tokens") if route else None
    if not bedrock.model_id.startswith(_KNOWN_BODIES) or price is None or price.usd_in is None:
        return None
    return Model(
        key=entry.key,
        provider=entry.provider,
        platform="bedrock",
        model_id=bedrock.model_id,
        inference_profile=route if route in ("geographic", "global") else None,
        license=(entry.licence.name if entry.licence else None) or "see its page",
        context_tokens=(entry.limits.context_tokens if entry.limits else None) or 512,
        price=TokenPrice(price.usd_in, 0.0),
    )


def _imported(entry: Entry) -> Model | None:
    """An open model; an import is paid by the second, whatever was imported."""
    if entry.sagemaker is None or entry.sagemaker.hugging_face_id is None:
        return None
    (seconds,) = {model.price for model in CATALOGUE.values() if model.platform == "bedrock-import"}
    assert isinstance(seconds, SecondPrice)
    return Model(
        key=entry.key,
        provider=entry.provider,
        platform="bedrock-import",
        model_id=None,
        license=(entry.licence.name if entry.licence else None) or "see its page",
        context_tokens=(entry.limits.context_tokens if entry.limits else None) or 512,
        price=seconds,
    )


def _embedders() -> dict[str, Model]:
    found = {}
    for entry in ENTRIES.values():
        if entry.kind == "embedding":
            model = _of_bedrock(entry, entry.bedrock) if entry.bedrock else _imported(entry)
            if model is not None:
                found[entry.key] = model
    return found


EMBEDDERS: Mapping[str, Model] = MappingProxyType(_embedders())
"""Every model that `selection.embeddings` can name, by its key."""
