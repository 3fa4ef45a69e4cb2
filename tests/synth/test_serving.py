"""Serving: nothing until a model is approved; then an endpoint that a new artefact replaces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.application import ROOT
from cdk_app.settings import Serving as ServingSettings
from cdk_app.settings import Settings
from stacks.serving import Serving
from tests.synth.templates import (
    Template,
    allowed,
    as_list,
    properties,
    resources,
    statements_of,
    template_of,
    text,
)

ENDPOINT_TYPES = ("AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint")


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Serving"]


@pytest.fixture(scope="module")
def real_time(settings: Settings) -> Template:
    mode = ServingSettings(mode="real-time", instance_type="ml.c7i.xlarge", instance_count=2)
    chosen = settings.model_copy(update={"serving": mode})
    return template_of(chosen, lambda app, foundation: Serving(app, "Serving", settings=chosen, foundation=foundation))


def test_no_endpoint_exists_until_a_model_is_approved(template: Template) -> None:
    parameter = template["Parameters"]["ApprovedModelDataUrl"]
    assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
    assert parameter["Default"] == "/fourfold/dev/approved/model-data-url"
    none = {"Fn::Equals": [{"Ref": "ApprovedModelDataUrl"}, "none"]}
    assert template["Conditions"]["HasApprovedModel"] == {"Fn::Not": [none]}
    sagemaker = {name: body for name, body in template["Resources"].items() if "SageMaker" in body["Type"]}
    assert sorted(body["Type"] for body in sagemaker.values()) == sorted(ENDPOINT_TYPES)
    assert {body.get("Condition") for body in sagemaker.values()} == {"HasApprovedModel"}
    assert template["Outputs"]["EndpointName"]["Condition"] == "HasApprovedModel"


def test_a_new_artefact_replaces_model_and_configuration_and_keeps_the_endpoint(template: Template) -> None:
    model = properties(template, "AWS::SageMaker::Model")
    configuration = properties(template, "AWS::SageMaker::EndpointConfig")
    endpoint = properties(template, "AWS::SageMaker::Endpoint")
    assert model["PrimaryContainer"]["ModelDataUrl"] == {"Ref": "ApprovedModelDataUrl"}
    assert "ModelName" not in model
    assert "EndpointConfigName" not in configuration
    (variant,) = configuration["ProductionVariants"]
    assert variant["ModelName"] == {"Fn::GetAtt": ["Model", "ModelName"]}
    assert endpoint["EndpointConfigName"] == {"Fn::GetAtt": ["EndpointConfig", "EndpointConfigName"]}
    assert endpoint["EndpointName"] == "fourfold-dev"


def test_serverless_costs_nothing_when_idle_and_asks_for_nothing_it_would_be_refused(
    template: Template, settings: Settings
) -> None:
    (variant,) = properties(template, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    assert variant["ServerlessConfig"] == {
        "MaxConcurrency": settings.serving.max_concurrency,
        "MemorySizeInMB": settings.serving.memory_mb,
    }
    assert "InstanceType" not in variant
    assert properties(template, "AWS::SageMaker::Model")["EnableNetworkIsolation"] is False
    assert "DeploymentConfig" not in properties(template, "AWS::SageMaker::Endpoint")


def test_real_time_isolates_the_container_and_rolls_back_on_the_alarms(real_time: Template) -> None:
    assert properties(real_time, "AWS::SageMaker::Model")["EnableNetworkIsolation"] is True
    (variant,) = properties(real_time, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c7i.xlarge", 2)
    deployment = properties(real_time, "AWS::SageMaker::Endpoint")["DeploymentConfig"]
    watched = {alarm["AlarmName"]["Ref"] for alarm in deployment["AutoRollbackConfiguration"]["Alarms"]}
    assert watched == set(resources(real_time, "AWS::CloudWatch::Alarm"))
    assert len(watched) == 2


def test_alarms_watch_the_variant_that_serves_and_exist_before_it_does(template: Template) -> None:
    (variant,) = properties(template, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        dimensions = {pair["Name"]: pair["Value"] for pair in alarm["Properties"]["Dimensions"]}
        assert dimensions == {"EndpointName": "fourfold-dev", "VariantName": variant["VariantName"]}
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"
        assert "Condition" not in alarm


def test_the_volume_is_encrypted_with_our_key(template: Template) -> None:
    assert "Key" in text(properties(template, "AWS::SageMaker::EndpointConfig")["KmsKeyId"])


def test_the_container_is_the_one_that_the_registry_names(template: Template) -> None:
    container = properties(template, "AWS::SageMaker::Model")["PrimaryContainer"]
    image = text(container["Image"])
    assert image == (
        "<DlcRepositoryAccountMap>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>/llama-cpp:server-sagemaker-cpu-v1"
    )
    definition = json.loads((ROOT / "pipelines/definition/pipeline.json").read_text("utf-8"))
    registered = list(_containers(definition))
    assert registered
    for registered_container in registered:
        assert registered_container["Image"] == "${InferenceImage}"
        assert registered_container["Environment"] == container["Environment"]


def _containers(value: Any) -> list[dict[str, Any]]:
    """Containers of the pipeline's register step, however deep they stand."""
    if isinstance(value, list):
        return [found for item in value for found in _containers(item)]
    if not isinstance(value, dict):
        return []
    here = as_list(value["Containers"]) if "Containers" in value else []
    return here + [found for item in value.values() for found in _containers(item)]


def test_the_container_reads_artefacts_of_runs_and_pulls_its_own_image_only(template: Template) -> None:
    role = statements_of(template, "ModelRole")
    (artefacts,) = allowed(role, "s3:GetObject")
    assert "ModelsBucket" in artefacts
    assert artefacts.endswith("/run=*")
    (image,) = allowed(role, "ecr:BatchGetImage")
    assert image.endswith(":repository/llama-cpp")
    assert not allowed(role, "s3:PutObject")


def test_sagemaker_finds_the_role_ready_when_it_checks_the_artefact(template: Template) -> None:
    (model,) = resources(template, "AWS::SageMaker::Model").values()
    assert any(name.startswith("ModelRoleDefaultPolicy") for name in as_list(model["DependsOn"]))


def test_serving_is_deployed_after_the_parameter_it_reads(cloud_assembly: Any) -> None:
    manifest = json.loads((cloud_assembly / "manifest.json").read_text("utf-8"))
    assert "Fourfold-dev-Foundation" in manifest["artifacts"]["Fourfold-dev-Serving"]["dependencies"]
