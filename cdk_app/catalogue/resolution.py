"""What Converse must be told in one region, and which resources a role must be allowed for it.

A profile may hand a request to any of its destinations, so the role needs the model in each of them. A global profile
has no list of destinations: its request is allowed by the model's ARN without a region, beside the one of the region
that asks (https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from cdk_app.catalogue import arns
from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.facts import Bedrock, Profile
from cdk_app.catalogue.regions import ROUTES, Route


class NotServed(Exception):
    """The model does not answer in the region, or not by the route; the text says where it does."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One way to ask a model from one region."""

    model_id: str
    """Converse's `modelId`."""
    route: Route
    geography: str | None
    """Prefix of the profile; None: the model itself answers."""
    destination_regions: tuple[str, ...]
    """Regions that may answer; none for a global profile: every commercial region."""
    resources: tuple[str, ...]
    """ARNs of a statement on `bedrock:InvokeModel`, which Converse needs as well."""


def invocations(entry: Entry, region: str, *, account: str, partition: str = "aws") -> tuple[Invocation, ...]:
    """Return every way to ask the model from a region, the preferred one first; none if it does not answer there."""
    if entry.bedrock is None:
        return ()
    found = [_by_profile(entry.bedrock, profile, region, account, partition) for profile in entry.bedrock.profiles]
    ways = [way for way in found if way is not None]
    if region in entry.bedrock.on_demand:
        model_id = entry.bedrock.model_id
        resources = (arns.foundation_model(partition, region, model_id),)
        ways.append(Invocation(model_id, "on-demand", None, (region,), resources))
    return tuple(sorted(ways, key=lambda way: ROUTES.index(way.route)))


def resolve(
    entry: Entry, region: str, *, account: str, partition: str = "aws", route: Route | None = None
) -> Invocation:
    """Return how to ask the model from a region: by `route`, or by the preferred one there is.

    Raises:
        NotServed: there is no such way.
    """
    ways = invocations(entry, region, account=account, partition=partition)
    for way in ways:
        if route in (None, way.route):
            return way
    if ways:
        others = ", ".join(way.route for way in ways)
        raise NotServed(f"{entry.key} is not asked by {route} in {region}. Ask it by {others}.")
    if entry.bedrock is None:
        raise NotServed(f"{entry.key} is not on Bedrock. It runs on {' and '.join(entry.platforms)}.")
    raise NotServed(f"{entry.key} does not answer in {region}. It does in {', '.join(entry.bedrock.regions)}.")


def _by_profile(bedrock: Bedrock, profile: Profile, region: str, account: str, partition: str) -> Invocation | None:
    if region not in profile.source_regions:
        return None
    is_global = profile.geography == "global"
    profile_id = f"{profile.geography}.{bedrock.model_id}"
    answering = (region, "") if is_global else profile.destination_regions
    return Invocation(
        profile_id,
        "global" if is_global else "geographic",
        profile.geography,
        profile.destination_regions,
        (
            arns.inference_profile(partition, region, account, profile_id),
            *(arns.foundation_model(partition, destination, bedrock.model_id) for destination in answering),
        ),
    )
