"""Asks AWS which models one region has now, and what they cost: the only part of the catalogue that asks anybody.

A model as the service tells of it is an `Observed`; comparing it with the catalogue is another module's work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from cdk_app.catalogue.facts import Profile
from cdk_app.catalogue.observation import Observation, Observed
from cdk_app.catalogue.price_list import SERVICE_CODES, comparable, token_rates
from cdk_app.catalogue.tuning_price_list import tuning_rates

PRICING_REGION = "us-east-1"
"""The Price List has its endpoint there; it tells the prices of every region."""

_MEDIA = {
    "TEXT": "text",
    "IMAGE": "image",
    "VIDEO": "video",
    "SPEECH": "audio",
    "AUDIO": "audio",
    "EMBEDDING": "embedding",
}


class Unreachable(Exception):
    """AWS cannot be asked; the text says why, and what to do."""


class Clients(Protocol):
    """Gives a client of a service in a region, as `boto3.client` does."""

    def __call__(self, service: str, *, region_name: str) -> Any: ...


def observe(region: str, clients: Clients, day: str) -> Observation:
    """Return what AWS tells of its models in a region.

    Raises:
        Unreachable: there are no credentials, they are not allowed to ask, or AWS does not answer.
    """
    try:
        bedrock = clients("bedrock", region_name=region)
        summaries = bedrock.list_foundation_models()["modelSummaries"]
        profiles = list(
            _pages(bedrock, "list_inference_profiles", "inferenceProfileSummaries", typeEquals="SYSTEM_DEFINED")
        )
        products = list(_products(clients("pricing", region_name=PRICING_REGION), region))
    except (NoCredentialsError, PartialCredentialsError):
        raise Unreachable(
            "There are no AWS credentials, and without them AWS cannot be asked. Give some (`aws configure`, or "
            "AWS_PROFILE), or use `fourfold models` without `refresh`: it needs none."
        ) from None
    except ClientError as error:
        raise Unreachable(_refusal(error, region)) from None
    except BotoCoreError as error:
        raise Unreachable(f"AWS was not reached in {region}: {error}. See to the network and the region.") from None
    return Observation(region=region, day=day, models=tuple(_observed(summaries, profiles, products, region)))


def _refusal(error: ClientError, region: str) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if code in ("AccessDenied", "AccessDeniedException"):
        needed = "bedrock:ListFoundationModels, bedrock:ListInferenceProfiles and pricing:GetProducts"
        return f"AWS refuses to answer in {region}: {error}. The credentials need {needed}."
    return (
        f"AWS refuses to answer in {region}: {error}. See whether the credentials are valid, and the region is right."
    )


def _pages(client: Any, operation: str, result: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(result, [])


def _products(pricing: Any, region: str) -> Iterator[dict[str, Any]]:
    here = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
    for code in SERVICE_CODES:
        for text in _pages(pricing, "get_products", "PriceList", ServiceCode=code, Filters=here):
            yield json.loads(str(text))


def _observed(
    summaries: Iterable[Mapping[str, Any]],
    profiles: Iterable[Mapping[str, Any]],
    products: Sequence[Mapping[str, Any]],
    region: str,
) -> Iterator[Observed]:
    by_model = _profiles_by_model(profiles, region)
    rates, tuning = token_rates(products), tuning_rates(products)
    for summary in sorted(summaries, key=lambda summary: str(summary["modelId"])):
        model_id = str(summary["modelId"])
        if model_id.count(":") > 1:  # `…:0:128k` is the same model with provisioned throughput
            continue
        lifecycle = summary.get("modelLifecycle", {})
        end = lifecycle.get("endOfLifeTime")
        names = {
            comparable(str(summary.get("modelName", ""))),
            comparable(model_id),
            comparable(model_id.split(".", 1)[-1]),
        }
        yield Observed(
            model_id=model_id,
            name=str(summary.get("modelName") or model_id),
            provider=str(summary.get("providerName") or model_id.split(".")[0]),
            reads=_media(summary.get("inputModalities", ())),
            writes=_media(summary.get("outputModalities", ())),
            streaming=summary.get("responseStreamingSupported"),
            lifecycle="legacy" if lifecycle.get("status") == "LEGACY" else "active",
            end_of_life=end.date().isoformat() if end else None,
            on_demand="ON_DEMAND" in summary.get("inferenceTypesSupported", ()),
            profiles=tuple(by_model.get(model_id, ())),
            rates=tuple(rate for name in sorted(names) for rate in rates if rate.model == name),
            tuning=tuple(rate for name in sorted(names) for rate in tuning if rate.model == name),
        )


def _media(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_MEDIA[word] for word in words if word in _MEDIA}))


def _profiles_by_model(profiles: Iterable[Mapping[str, Any]], region: str) -> dict[str, list[Profile]]:
    found: dict[str, list[Profile]] = {}
    for summary in sorted(profiles, key=lambda summary: str(summary["inferenceProfileId"])):
        geography, _, model_id = str(summary["inferenceProfileId"]).partition(".")
        regions = {str(model["modelArn"]).split(":")[3] for model in summary.get("models", ())}
        leads_to = () if geography == "global" else sorted(regions - {""})
        if summary.get("status") == "ACTIVE" and (leads_to or geography == "global"):
            found.setdefault(model_id, []).append(
                Profile.model_validate({"geography": geography, "from": [region], "to": leads_to})
            )
    return found
