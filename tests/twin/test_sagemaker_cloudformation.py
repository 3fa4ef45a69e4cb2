"""SageMaker's resource types in stacks: made, changed in place or replaced, rolled back, deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import unique, wait_until
from tests.twin.sagemaker_account import SERVING_IMAGE, TRAINING_IMAGE, tarred
from tests.twin.sagemaker_endpoints import Endpoints

Json = dict[str, Any]
DEFINITION: Json = {
    "Version": "2020-12-01",
    "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}],
}


def serving(endpoints: Endpoints, url: str) -> Json:
    """A template with model, configuration and endpoint, as the serving stack has them."""
    container = {"Image": SERVING_IMAGE, "ModelDataUrl": url, "Environment": {"SM_LLAMA_CPP_CTX_SIZE": "512"}}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2},
    }
    return {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {"ExecutionRoleArn": endpoints.job_role, "PrimaryContainer": container},
        },
        "Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {"ProductionVariants": [variant]}},
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {"EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}},
        },
    }


def deploy(endpoints: Endpoints, stack: str, resources: Json, outputs: Json | None = None) -> Json:
    """Create or update a stack; how it stands at the end, with its outputs."""
    cloudformation = endpoints.emulator.client("cloudformation")
    shown = {name: {"Value": value} for name, value in (outputs or {}).items()}
    template = json.dumps({"Resources": resources, **({"Outputs": shown} if shown else {})})
    try:
        cloudformation.describe_stacks(StackName=stack)
        cloudformation.update_stack(StackName=stack, TemplateBody=template)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        cloudformation.create_stack(StackName=stack, TemplateBody=template)
    ended = wait_until(
        lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0],
        lambda found: not found["StackStatus"].endswith("IN_PROGRESS"),
    )
    values = {one["OutputKey"]: one["OutputValue"] for one in ended.get("Outputs", ())}
    return {"status": ended["StackStatus"], "reason": ended.get("StackStatusReason", ""), **values}


def reasons(endpoints: Endpoints, stack: str) -> str:
    events = endpoints.emulator.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in events)


def physical_ids(endpoints: Endpoints, stack: str) -> dict[str, str]:
    cloudformation = endpoints.emulator.client("cloudformation")
    found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def test_an_endpoint_is_made_moved_to_another_model_and_deleted_with_its_stack(endpoints: Endpoints) -> None:
    stack = unique("serving")
    other = endpoints.put("other.tar.gz", endpoints.get(endpoints.good))
    outputs = {"Endpoint": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}, "Ref": {"Ref": "Endpoint"}}
    made = deploy(endpoints, stack, serving(endpoints, endpoints.good), outputs)
    assert made["status"] == "CREATE_COMPLETE", reasons(endpoints, stack)
    assert made["Ref"].endswith(f":endpoint/{made['Endpoint'].lower()}")
    assert endpoints.ask(made["Endpoint"])["choices"]
    before = physical_ids(endpoints, stack)

    changed = deploy(endpoints, stack, serving(endpoints, other), outputs)
    assert changed["status"] == "UPDATE_COMPLETE", reasons(endpoints, stack)
    after = physical_ids(endpoints, stack)
    assert after["Endpoint"] == before["Endpoint"]
    assert {name for name in before if before[name] != after[name]} == {"Model", "Config"}
    described = endpoints.settled(made["Endpoint"])
    assert described["EndpointConfigName"].lower() == after["Config"].rpartition("/")[2].lower()
    assert endpoints.ask(made["Endpoint"])["choices"]
    models = endpoints.sagemaker.list_models(NameContains=stack)["Models"]
    assert [model["ModelArn"] for model in models] == [after["Model"]]

    endpoints.emulator.client("cloudformation").delete_stack(StackName=stack)
    wait_until(lambda: endpoints.sagemaker.list_models(NameContains=stack)["Models"], lambda found: not found)
    assert endpoints.sagemaker.list_endpoints(NameContains=stack)["Endpoints"] == []
    assert endpoints.sagemaker.list_endpoint_configs(NameContains=stack)["EndpointConfigs"] == []


def test_a_bad_model_rolls_the_stack_back_and_the_old_one_goes_on_serving(endpoints: Endpoints) -> None:
    stack = unique("serving")
    outputs = {"Endpoint": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}}
    made = deploy(endpoints, stack, serving(endpoints, endpoints.good), outputs)
    before = physical_ids(endpoints, stack)
    changed = deploy(endpoints, stack, serving(endpoints, endpoints.bad), outputs)
    assert changed["status"] == "UPDATE_ROLLBACK_COMPLETE", reasons(endpoints, stack)
    assert "No *.gguf was found under /opt/ml/model" in reasons(endpoints, stack)
    assert physical_ids(endpoints, stack) == before
    assert endpoints.ask(made["Endpoint"])["choices"]
    endpoints.emulator.client("cloudformation").delete_stack(StackName=stack)


def test_an_endpoint_that_does_not_come_up_fails_its_stack_with_the_reason(endpoints: Endpoints) -> None:
    stack = unique("serving")
    bad = endpoints.put("bad.tar.gz", tarred(readme_dot_txt="no model"))
    made = deploy(endpoints, stack, serving(endpoints, bad))
    assert made["status"] == "ROLLBACK_COMPLETE"
    assert "did not pass the ping health check" in reasons(endpoints, stack)
    assert endpoints.sagemaker.list_endpoints(NameContains=stack)["Endpoints"] == []


def registry(role: str, message: str, group: str) -> Json:
    definition = json.loads(json.dumps(DEFINITION))
    definition["Steps"][0]["Arguments"]["ErrorMessage"] = message
    return {
        "Group": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"ModelPackageGroupName": group}},
        "Pipeline": {
            "Type": "AWS::SageMaker::Pipeline",
            "Properties": {
                "PipelineName": f"{group}-pipeline",
                "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(definition)},
                "RoleArn": role,
                "Tags": [{"Key": "message", "Value": message}],
            },
        },
    }


def test_a_pipeline_changes_in_place(endpoints: Endpoints) -> None:
    stack, group, role = unique("tuning"), unique("models"), endpoints.pipeline_role()
    outputs = {"Pipeline": {"Ref": "Pipeline"}, "Group": {"Fn::GetAtt": ["Group", "ModelPackageGroupArn"]}}
    made = deploy(endpoints, stack, registry(role, "one", group), outputs)
    assert made["status"] == "CREATE_COMPLETE", reasons(endpoints, stack)
    assert made["Pipeline"] == f"{group}-pipeline"
    assert made["Group"] == f"arn:aws:sagemaker:us-east-1:000000000000:model-package-group/{group}"
    assert deploy(endpoints, stack, registry(role, "two", group), outputs)["status"] == "UPDATE_COMPLETE"
    _, steps = endpoints.run_again(made["Pipeline"])
    assert steps["Stop"]["FailureReason"] == "two"
    arn = endpoints.sagemaker.describe_pipeline(PipelineName=made["Pipeline"])["PipelineArn"]
    tags = {tag["Key"]: tag["Value"] for tag in endpoints.sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    assert tags["message"] == "two"


def test_a_resource_with_a_name_of_its_own_is_not_replaced(endpoints: Endpoints) -> None:
    stack, group = unique("registry"), unique("models")
    resource: Json = {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"ModelPackageGroupName": group}}
    assert deploy(endpoints, stack, {"Group": resource})["status"] == "CREATE_COMPLETE"
    resource["Properties"]["ModelPackageGroupDescription"] = "new"
    assert deploy(endpoints, stack, {"Group": resource})["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in reasons(endpoints, stack)


@pytest.mark.parametrize(
    ("type_name", "properties", "problem"),
    [
        ("Model", {"PrimaryContainer": {"Image": TRAINING_IMAGE, "ModelDataUrl": "s3://b/m"}}, "in serving"),
        ("Model", {"PrimaryContainer": {"Image": SERVING_IMAGE}, "Colour": "red"}, "Colour"),
        ("Pipeline", {"PipelineDefinition": {"PipelineDefinitionS3Location": {}}}, "PipelineDefinitionBody"),
    ],
)
def test_what_cannot_be_had_fails_the_stack_by_name(
    endpoints: Endpoints, type_name: str, properties: Json, problem: str
) -> None:
    stack = unique("refused")
    role = {"Model": "ExecutionRoleArn", "Pipeline": "RoleArn"}[type_name]
    resource = {"Type": f"AWS::SageMaker::{type_name}", "Properties": {role: endpoints.job_role, **properties}}
    assert deploy(endpoints, stack, {"Resource": resource})["status"] == "ROLLBACK_COMPLETE"
    assert problem in reasons(endpoints, stack)
