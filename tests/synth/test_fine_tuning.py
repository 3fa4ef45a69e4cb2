"""The SageMaker pipeline as the stack deploys it: complete, with the settings as defaults, three narrow roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk_app.application import open_application
from cdk_app.checks import Assembly, Resource
from cdk_app.checks.flatten import flatten
from cdk_app.settings import Settings
from stacks import create_stacks, fine_tuning
from tests.synth.roles import allowed, keys_in, resources_of

STACK = "Fourfold-dev-FineTuning"
TYPES: dict[str, type | tuple[type, ...]] = {"String": str, "Integer": int, "Float": (int, float)}
Pairs = set[tuple[str, str]]


@pytest.fixture(scope="session")
def pipeline(assembly: Assembly) -> Resource:
    [found] = assembly.resources("AWS::SageMaker::Pipeline")
    return found


@pytest.fixture(scope="session")
def definition(pipeline: Resource) -> Mapping[str, Any]:
    body = pipeline.properties["PipelineDefinition"]["PipelineDefinitionBody"]
    parsed: Mapping[str, Any] = json.loads(flatten(body))
    return parsed


@pytest.fixture(scope="session")
def jobs(assembly: Assembly, definition: Mapping[str, Any]) -> dict[str, Pairs]:
    """What the role of each job may do, by step."""
    return {
        step["Name"]: allowed(assembly, Resource(STACK, job_role(step), "AWS::IAM::Role"))
        for step in definition["Steps"]
        if "RoleArn" in step.get("Arguments", {})
    }


@pytest.fixture(scope="session")
def own(assembly: Assembly, pipeline: Resource) -> Pairs:
    """What the pipeline's own role may do."""
    role = assembly.resource_behind(STACK, pipeline.properties["RoleArn"])
    assert role is not None
    return allowed(assembly, role)


def job_role(step: Mapping[str, Any]) -> str:
    return str(step["Arguments"]["RoleArn"]).rpartition(":")[2]


def names(resources: set[str]) -> set[str]:
    return {resource.rpartition(":")[2] for resource in resources}


def test_the_definition_is_the_rendered_file_with_nothing_left_open(definition: Mapping[str, Any]) -> None:
    rendered = json.loads(fine_tuning.DEFINITION.read_text("utf-8"))
    assert [step["Name"] for step in definition["Steps"]] == [step["Name"] for step in rendered["Steps"]]
    assert "${" not in json.dumps(definition)


def test_the_deployed_settings_are_the_defaults_of_an_execution(
    definition: Mapping[str, Any], settings: Settings
) -> None:
    defaults = {p["Name"]: p.get("DefaultValue") for p in definition["Parameters"]}
    assert defaults["MaxLength"] == settings.tuning.max_length
    assert defaults["LearningRate"] == settings.tuning.peak_learning_rate
    assert defaults["Metric"] == settings.selection.metric
    assert defaults["MaxOutputTokens"] == settings.serving.max_output_tokens
    assert defaults["MinimumMetric"] == settings.selection.floor
    assert defaults["BaseModel"].endswith(f"/base/{settings.tuning.model}")
    assert defaults["BaseModelId"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert defaults["ChampionModel"] == f"{defaults['BaseModel']}/config.json"
    assert defaults["LeakSimilarity"] == max(0.8, settings.data.near_duplicates.similarity)
    assert defaults["ShingleWords"] == settings.data.near_duplicates.shingle_words
    assert defaults["SliceTolerance"] == settings.tuning.slice_tolerance
    assert defaults["GeneralTolerance"] == settings.tuning.general_tolerance
    assert defaults["RunId"] is None


def test_a_default_keeps_the_type_that_the_pipeline_declares(definition: Mapping[str, Any]) -> None:
    for parameter in definition["Parameters"]:
        if "DefaultValue" in parameter:
            assert isinstance(parameter["DefaultValue"], TYPES[parameter["Type"]]), parameter["Name"]


def test_training_cannot_see_the_test_split(jobs: dict[str, Pairs]) -> None:
    assert keys_in("Curated", "s3:GetObject", jobs["FineTune"]) == {"*/run=*/train/*", "*/run=*/validation/*"}
    # It looks for test records in train.
    assert keys_in("Curated", "s3:GetObject", jobs["Evaluate"]) == {"*/run=*/test/*", "*/run=*/train/*"}


@pytest.mark.parametrize(
    ("step", "prefixes"),
    [("FineTune", {"run=*/training/*", "checkpoints/run=*"}), ("Evaluate", {"run=*/evaluation/*"})],
)
def test_a_job_writes_below_its_own_prefix_only(jobs: dict[str, Pairs], step: str, prefixes: set[str]) -> None:
    assert keys_in("Models", "s3:PutObject", jobs[step]) == prefixes


def test_only_training_reads_checkpoints_and_they_lie_where_it_may(
    jobs: dict[str, Pairs], definition: Mapping[str, Any]
) -> None:
    assert "checkpoints/run=*" in keys_in("Models", "s3:GetObject", jobs["FineTune"])
    assert "checkpoints/run=*" not in keys_in("Models", "s3:GetObject", jobs["Evaluate"])
    place = definition["Steps"][0]["Arguments"]["CheckpointConfig"]["S3Uri"]["Std:Join"]["Values"]
    assert place[0].endswith("/checkpoints/run=")
    assert place[1] == {"Get": "Parameters.RunId"}


def test_the_deployed_definition_asks_for_no_more_than_the_settings(definition: Mapping[str, Any]) -> None:
    arguments = definition["Steps"][0]["Arguments"]
    assert "MaxWaitTimeInSeconds" not in arguments["StoppingCondition"]
    assert "KeepAlivePeriodInSeconds" not in arguments["ResourceConfig"]
    assert arguments.get("EnableManagedSpotTraining") in (None, False)


def test_only_the_pipelines_own_role_may_register_a_model_and_only_in_its_group(
    own: Pairs, jobs: dict[str, Pairs]
) -> None:
    group = {"model-package-group/fourfold-dev", "model-package/fourfold-dev/*"}
    assert names(resources_of("sagemaker:CreateModelPackage", own)) == group
    assert not any(resources_of("sagemaker:CreateModelPackage", pairs) for pairs in jobs.values())


def test_the_pipeline_hands_its_jobs_their_own_roles_and_no_other(own: Pairs, definition: Mapping[str, Any]) -> None:
    roles = {job_role(step) for step in definition["Steps"] if "RoleArn" in step.get("Arguments", {})}
    assert names(resources_of("iam:PassRole", own)) == roles


def test_a_job_may_be_tagged_as_the_definition_asks(own: Pairs) -> None:
    assert {"training-job/pipelines-*", "processing-job/pipelines-*"} <= names(resources_of("sagemaker:AddTags", own))


def test_an_execution_cannot_start_before_the_roles_have_their_permissions(
    assembly: Assembly, pipeline: Resource
) -> None:
    depends = assembly.templates[STACK]["Resources"][pipeline.logical_id]["DependsOn"]
    assert len([name for name in depends if "DefaultPolicy" in name]) == 3


def test_the_registry_stays_when_the_stack_goes(assembly: Assembly) -> None:
    [group] = assembly.resources("AWS::SageMaker::ModelPackageGroup")
    assert assembly.templates[STACK]["Resources"][group.logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_definition_that_lacks_a_parameter_of_the_settings_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stale = json.loads(fine_tuning.DEFINITION.read_text("utf-8"))
    stale["Parameters"] = [p for p in stale["Parameters"] if p["Name"] != "LoraRank"]
    (tmp_path / "pipeline.json").write_text(json.dumps(stale))
    monkeypatch.setattr(fine_tuning, "DEFINITION", tmp_path / "pipeline.json")
    app, settings = open_application(["dev"], tmp_path / "out")
    with pytest.raises(ValueError, match="no parameter LoraRank"):
        create_stacks(app, settings)
