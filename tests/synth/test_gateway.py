"""Gateway: signed, throttled, validated, logged; and able to reach no other model than those it is for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.settings import Gateway as GatewaySettings
from cdk_app.settings import Settings, load_settings
from stacks.gateway import Gateway
from tests.synth.templates import (
    Template,
    allowed,
    properties,
    resources,
    statements_of,
    template_of,
    text,
)

ROUTES = {("GET", "models"), ("POST", "summarize"), ("POST", "generate")}


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Gateway"]


@pytest.fixture(scope="module")
def stage(template: Template) -> dict[str, Any]:
    return properties(template, "AWS::ApiGateway::Stage")


def methods(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    paths = {
        name: body["Properties"]["PathPart"] for name, body in resources(template, "AWS::ApiGateway::Resource").items()
    }
    return {
        (body["Properties"]["HttpMethod"], paths[body["Properties"]["ResourceId"]["Ref"]]): body["Properties"]
        for body in resources(template, "AWS::ApiGateway::Method").values()
    }


def gateway(settings: Settings) -> Template:
    return template_of(
        settings,
        lambda app, foundation: Gateway(
            app, "Gateway", settings=settings, foundation=foundation, endpoint_name="fourfold-dev"
        ),
    )


def test_the_three_routes_and_no_other_exist(template: Template) -> None:
    assert set(methods(template)) == ROUTES


def test_every_route_asks_for_a_signature(template: Template) -> None:
    assert {method["AuthorizationType"] for method in methods(template).values()} == {"AWS_IAM"}


def test_authorization_is_off_only_where_the_settings_say_so(settings: Settings) -> None:
    opened = gateway(settings.model_copy(update={"gateway": GatewaySettings(authorization="none")}))
    assert {method["AuthorizationType"] for method in methods(opened).values()} == {"NONE"}


def test_bodies_are_validated_before_the_function_sees_them(template: Template) -> None:
    models = resources(template, "AWS::ApiGateway::Model")
    for (verb, path), method in methods(template).items():
        if verb == "POST":
            schema = models[method["RequestModels"]["application/json"]["Ref"]]["Properties"]["Schema"]
            assert schema["type"] == "object", path
            validator = resources(template, "AWS::ApiGateway::RequestValidator")[method["RequestValidatorId"]["Ref"]]
            assert validator["Properties"]["ValidateRequestBody"] is True, path


def test_the_stage_is_throttled_as_the_settings_say(stage: dict[str, Any], settings: Settings) -> None:
    (everything,) = stage["MethodSettings"]
    assert (everything["HttpMethod"], everything["ResourcePath"]) == ("*", "/*")
    assert everything["ThrottlingRateLimit"] == settings.gateway.rate_limit
    assert everything["ThrottlingBurstLimit"] == settings.gateway.burst_limit


def test_requests_are_logged_and_traced_and_their_texts_are_not(stage: dict[str, Any]) -> None:
    assert stage["TracingEnabled"] is True
    assert stage["AccessLogSetting"]["DestinationArn"]
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert {"requestId", "ip", "status", "resourcePath"} <= set(line)
    (everything,) = stage["MethodSettings"]
    assert everything["LoggingLevel"] == "ERROR"
    assert everything["DataTraceEnabled"] is False


def test_every_log_group_of_every_stack_is_encrypted_and_expires(templates: dict[str, Template]) -> None:
    groups = [body for t in templates.values() for body in resources(t, "AWS::Logs::LogGroup").values()]
    assert len(groups) >= 13
    for group in groups:
        assert "Key" in text(group["Properties"]["KmsKeyId"])
        assert group["Properties"]["RetentionInDays"] <= 365


def test_the_execution_log_is_ours_before_api_gateway_makes_one(template: Template) -> None:
    (name,) = (
        logical_id
        for logical_id, group in resources(template, "AWS::Logs::LogGroup").items()
        if "API-Gateway-Execution-Logs_" in text(group["Properties"].get("LogGroupName", ""))
    )
    (stage,) = resources(template, "AWS::ApiGateway::Stage").values()
    assert name in stage["DependsOn"]


def test_errors_of_the_api_itself_are_problem_documents(template: Template) -> None:
    responses = [body["Properties"] for body in resources(template, "AWS::ApiGateway::GatewayResponse").values()]
    kinds = {response["ResponseType"] for response in responses}
    assert kinds == {"BAD_REQUEST_BODY", "DEFAULT_4XX", "DEFAULT_5XX"}
    for response in responses:
        headers = response["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        filled = (
            response["ResponseTemplates"]["application/json"]
            .replace("$context.error.messageString", '"Invalid request body"')
            .replace("$context.error.responseType", "BAD_REQUEST_BODY")
        )
        assert {"type", "title", "detail", "instance"} == set(json.loads(filled))


def test_the_function_gets_its_settings(template: Template, settings: Settings) -> None:
    function = properties(template, "AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    assert variables["TASK_INSTRUCTION"] == settings.task.instruction
    assert variables["MAX_INPUT_CHARACTERS"] == str(settings.gateway.max_input_characters)
    assert variables["MAX_OUTPUT_TOKENS"] == str(settings.serving.max_output_tokens)
    assert "ApprovedTarget" in text(variables["TARGET_PARAMETER"])
    assert "ModelsBucket" in text(variables["MODELS_BUCKET"])
    assert function["Handler"] == "lambdas.gateway.handler.handle"


def test_the_function_invokes_our_endpoint_and_the_candidates_models_only(
    template: Template, settings: Settings
) -> None:
    role = statements_of(template, "HandlerRole")
    (endpoint,) = allowed(role, "sagemaker:InvokeEndpoint")
    assert endpoint.endswith(":endpoint/fourfold-dev")
    models = {model.model_id for model in settings.candidate_models if model.model_id}
    invoked = allowed(role, "bedrock:InvokeModel")
    assert len(invoked) == len(set(invoked))
    assert {
        resource.rpartition("/")[2].removeprefix("<BedrockGeographies>.").removeprefix("global.")
        for resource in invoked
    } == models
    assert not [resource for resource in invoked if resource.endswith("*")]


def test_a_gateway_without_bedrock_candidates_may_not_call_bedrock(settings: Settings) -> None:
    extractive = tuple(c for c in settings.selection.candidates if c.strategy == "extractive")
    selection = settings.selection.model_copy(update={"candidates": extractive})
    alone = gateway(settings.model_copy(update={"selection": selection}))
    assert not allowed(statements_of(alone, "HandlerRole"), "bedrock:InvokeModel")


def test_an_imported_model_is_allowed_by_its_own_arn(templates: dict[str, Template]) -> None:
    twin = gateway(load_settings("workflow.yaml", "twin"))
    invoked = allowed(statements_of(twin, "HandlerRole"), "bedrock:InvokeModel")
    assert invoked == ["arn:<AWS::Partition>:bedrock:<AWS::Region>:<AWS::AccountId>:imported-model/smollm2q41v1"]


def test_the_smoke_test_may_call_the_api_from_inside(template: Template) -> None:
    sources = [
        text(body["Properties"]["SourceArn"]) for body in resources(template, "AWS::Lambda::Permission").values()
    ]
    assert any(source.endswith("/test-invoke-stage/POST/v1/summarize") for source in sources)


def test_address_and_id_are_outputs(template: Template) -> None:
    named = {name for name in template["Outputs"] if not name.startswith("ExportsOutput")}
    assert named == {"ApiUrl", "RestApiId"}
