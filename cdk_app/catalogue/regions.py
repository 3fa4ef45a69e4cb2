"""How requests reach a model from a region: by its own id, or by a profile of a geography or of the world."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from cdk_app.catalogue.facts import Bedrock

Route = Literal["global", "geographic", "on-demand"]

ROUTES: tuple[Route, ...] = ("global", "geographic", "on-demand")
"""From the one that is preferred: a global profile costs least and has the most capacity, and a model that has a
profile may answer to its own id in few regions, or in none."""

_REGIONS_BY_GEOGRAPHY = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}

GEOGRAPHIES: Mapping[str, str] = MappingProxyType(
    {region: geography for geography, regions in _REGIONS_BY_GEOGRAPHY.items() for region in regions}
)
"""Prefix of geographic inference profiles by the region that the request is made in: what templates look up.

The regions where the profiles of all of Amazon's first Nova models answer:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, 2026-11-21.
"""


def template_route(bedrock: Bedrock) -> Route | None:
    """The route that a template can take, which does not know its region; None where there is none.

    Of geographic profiles a template knows the prefixes in `GEOGRAPHIES`.
    """
    geographies = {profile.geography for profile in bedrock.profiles}
    if "global" in geographies:
        return "global"
    if geographies & set(GEOGRAPHIES.values()):
        return "geographic"
    return "on-demand" if bedrock.on_demand else None
