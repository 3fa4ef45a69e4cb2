"""Models that nothing answers for in the region that is deployed to.

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


def unanswered(settings: Settings, workflow: Path, region: str) -> Iterator[Problem]:
    """Yield a problem for each model on Bedrock that a workflow in the region could not ask, or not customize."""
    places: list[tuple[tuple[str | int, ...], Model | None]] = [
        (("selection", "candidates", index, "model"), model) for index, model in enumerate(settings.candidate_models)
    ]
    places += [(("selection", "embeddings", "model"), settings.embedding_model)]
    places += [(("selection", "judge", "model"), settings.judge_model)]
    for place, model in places:
        if model is not None and model.platform == "bedrock" and asked_from(model, region) is None:
            yield problem_in(workflow, settings.environment, place, _message(model, region), _remedy(model))

    yield from _not_customized(settings, workflow, region)


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
