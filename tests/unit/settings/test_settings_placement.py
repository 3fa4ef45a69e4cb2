"""A candidate that nothing answers for in the region that is deployed to is refused, where that region is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdk_app.application import REGION, open_application
from cdk_app.catalogue import CATALOGUE, GEOGRAPHIES
from cdk_app.settings import load_settings
from cdk_app.settings.placement import unanswered

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow.yaml"


def found(region: str, environment: str = "dev") -> list[str]:
    return [str(problem) for problem in unanswered(load_settings(WORKFLOW, environment), WORKFLOW, region)]


def test_a_profile_that_does_not_exist_in_the_region_is_named_with_where_it_does() -> None:
    problems = [problem for problem in found("eu-west-2") if "selection." in problem]

    assert len(problems) == 3
    assert "candidates[1].model: nothing answers in eu-west-2 to `nova-micro`" in problems[0]
    assert "by its geography's inference profile" in problems[0]
    assert "deploy to ap-northeast-1, " in problems[0]
    assert problems[0].endswith(" or us-west-2.")


@pytest.mark.parametrize("region", GEOGRAPHIES)
def test_the_project_s_own_candidates_answer_wherever_templates_know_the_geography(region: str) -> None:
    assert [problem for problem in found(region) if "gateway.embeddings" not in problem] == []


def test_the_project_s_own_embedding_model_is_missing_in_one_of_those_regions() -> None:
    lacking = {region for region in GEOGRAPHIES if found(region)}
    assert lacking == {"ap-southeast-1"}
    (problem,) = found("ap-southeast-1")
    assert "gateway.embeddings.model: nothing answers in ap-southeast-1 to `titan-embed-text-v2`" in problem


def test_models_that_the_gateway_offers_are_asked_for_too() -> None:
    problems = [problem for problem in found("eu-west-2") if "gateway.models" in problem]
    assert [problem.partition(": nothing")[0].rpartition(":")[2].strip() for problem in problems] == [
        "gateway.models[0].model",
        "gateway.models[1].model",
    ]


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "me-south-1"])
def test_where_the_gateways_layer_is_not_published_nothing_is_deployed(region: str) -> None:
    (problem,) = found(region, "twin")
    assert f"does not publish in {region}: the Lambda Web Adapter" in problem
    assert "Deploy to one of af-south-1, " in problem


def test_what_is_imported_or_a_function_is_asked_in_every_region() -> None:
    assert found("eu-west-2", "twin") == []


def test_a_deployment_to_such_a_region_is_refused_before_anything_is_synthesized(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(REGION, "eu-west-2")
    with pytest.raises(SystemExit, match=r"nothing answers in eu-west-2 to `nova-lite`"):
        open_application(["dev"], tmp_path)

    monkeypatch.setenv(REGION, "eu-west-1")
    assert open_application(["dev"], tmp_path)[1].environment == "dev"


def test_every_model_that_can_be_asked_somewhere_is_told_where() -> None:
    for model in CATALOGUE.values():
        if model.platform == "bedrock":
            settings = load_settings(WORKFLOW, "dev")
            candidate = settings.selection.candidates[1].model_copy(update={"model": model.key})
            selection = settings.selection.model_copy(update={"candidates": (candidate,)})
            only = settings.model_copy(update={"selection": selection})
            problem, *_ = unanswered(only, WORKFLOW, "xx-nowhere-1")
            assert f"`{model.key}`" in problem.message
            assert "deploy to " in problem.remedy
