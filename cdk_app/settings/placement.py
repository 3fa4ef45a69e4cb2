"""What is not there in the region that is deployed to: models that nothing answers for, and the gateway's layer.

Templates do not know their region, and neither do settings; the CDK CLI does, and says it to the application. What
the catalogue knows of that region is then asked before anything is synthesized.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cdk_app.catalogue import CATALOGUE, ENTRIES, GEOGRAPHIES, Model, asked_from, customization
from cdk_app.settings.loading import problem_in
from cdk_app.settings.model import Settings
from cdk_app.settings.problems import Problem

ADAPTER_REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"),
    *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1"),
    *("mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
"""Where AWS publishes the Lambda Web Adapter's layer for Arm, by the pipeline that releases version 1.0.0."""


def unanswered(settings: Settings, workflow: Path, region: str) -> Iterator[Problem]:
    """Yield a problem for each model that a workflow in the region could not ask, or not customize, and for the layer.

    The layer is the one that the gateway's function needs.
    """
    places: list[tuple[tuple[str | int, ...], Model | None]] = [
        (("selection", "candidates", index, "model"), model) for index, model in enumerate(settings.candidate_models)
    ]
    places += [(("selection", "embeddings", "model"), settings.embedding_model)]
    places += [(("selection", "judge", "model"), settings.judge_model)]
    offered = enumerate(settings.offered_models)
    places += [(("gateway", "models", index, "model"), model) for index, model in offered]
    places += [(("gateway", "embeddings", "model"), settings.document_embedder)]
    for place, model in places:
        if model is not None and model.platform == "bedrock" and asked_from(model, region) is None:
            yield problem_in(workflow, settings.environment, place, _message(model, region), _remedy(model))

    yield from _not_customized(settings, workflow, region)
    if region not in ADAPTER_REGIONS:
        message = f"the gateway's function needs a layer that AWS does not publish in {region}: the Lambda Web Adapter"
        remedy = f"Deploy to one of {', '.join(ADAPTER_REGIONS)}."
        yield problem_in(workflow, settings.environment, ("gateway",), message, remedy)


def _not_customized(settings: Settings, workflow: Path, region: str) -> Iterator[Problem]:
    bedrock = settings.tuning.bedrock
    if bedrock is None or (facts := customization(bedrock.model, bedrock.method)) is None:
        return
    place = ("tuning", "bedrock", "model")
    if facts.regions and region not in facts.regions:
        message = f"Bedrock offers no {bedrock.method} of `{bedrock.model}` in {region}"
        remedy = f"Name another model, or deploy to {' or '.join(facts.regions)}."
        yield problem_in(workflow, settings.environment, place, message, remedy)
    elif bedrock.serving == "on-demand" and facts.on_demand and region not in facts.on_demand:
        message = f"a customized `{bedrock.model}` is not served on demand in {region}"
        remedy = f"Set `serving: provisioned`, or deploy to {' or '.join(facts.on_demand)}."
        yield problem_in(workflow, settings.environment, (*place[:-1], "serving"), message, remedy)
    elif asked_from(CATALOGUE[bedrock.model], region) is None:
        model = CATALOGUE[bedrock.model]
        yield problem_in(workflow, settings.environment, place, _message(model, region), _remedy(model))


def _message(model: Model, region: str) -> str:
    by = {"geographic": "its geography's inference profile", "global": "its global inference profile", None: "its id"}
    return f"nothing answers in {region} to `{model.key}`, which a workflow asks by {by[model.inference_profile]}"


def _remedy(model: Model) -> str:
    bedrock = ENTRIES[model.key].bedrock
    known = sorted({*GEOGRAPHIES, *(bedrock.regions if bedrock else ())})
    regions = [region for region in known if asked_from(model, region)]
    return f"Name another model, or deploy to {', '.join(regions[:-1])}{' or ' * bool(regions[1:])}{regions[-1]}."
