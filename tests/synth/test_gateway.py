"""Gateway: each caller under a root of its own, throttled, logged, streamed; and no model within reach but its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdk_app.catalogue import CATALOGUE
from cdk_app.settings import OfferedModel, Settings, load_settings
from tests.synth.gateways import changed, filled_in, function, gateway, methods
from tests.synth.templates import Template, allowed, as_list, properties, resources, statements_of, text

MOST_OF_ENVIRONMENT = 4096
"""Bytes of all environment variables of a function, names included."""


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Gateway"]


@pytest.fixture(scope="module")
def stage(template: Template) -> dict[str, Any]:
    return properties(template, "AWS::ApiGateway::Stage")


def models_of(arns: list[str]) -> set[str]:
    return {arn.rpartition("/")[2].removeprefix("<BedrockGeographies>.").removeprefix("global.") for arn in arns}


def test_every_kind_of_caller_has_a_root_of_its_own(template: Template) -> None:
    assert {(verb, path): method["AuthorizationType"] for (verb, path), method in methods(template).items()} == {
        ("GET", "/healthz"): "NONE",
        ("GET", "/openapi.json"): "NONE",
        ("POST", "/v1/summarize"): "AWS_IAM",
        ("ANY", "/v1/{proxy+}"): "AWS_IAM",
        ("ANY", "/api/v1/{proxy+}"): "COGNITO_USER_POOLS",
    }


def test_all_of_them_are_streamed_by_one_function_for_as_long_as_an_answer_may_take(
    template: Template, settings: Settings
) -> None:
    milliseconds = settings.gateway.timeout_seconds * 1000
    for place, method in methods(template).items():
        integration = method["Integration"]
        assert integration["Type"] == "AWS_PROXY", place
        assert integration["ResponseTransferMode"] == "STREAM", place
        assert integration["TimeoutInMillis"] == milliseconds, place
        uri = text(integration["Uri"])
        assert "/2021-11-15/functions/<HandlerFunction" in uri, place
        assert uri.endswith("/response-streaming-invocations"), place
    assert function(template)["Timeout"] == settings.gateway.timeout_seconds


def test_every_service_signs_its_requests(template: Template) -> None:
    signed = {method["AuthorizationType"] for (_, path), method in methods(template).items() if path.startswith("/v1")}
    assert signed == {"AWS_IAM"}


def test_authorization_is_off_only_where_the_settings_say_so(settings: Settings) -> None:
    opened = methods(gateway(changed(settings, authorization="none")))
    assert opened["ANY", "/v1/{proxy+}"]["AuthorizationType"] == "NONE"
    assert opened["ANY", "/api/v1/{proxy+}"]["AuthorizationType"] == "COGNITO_USER_POOLS"


def test_a_user_is_known_by_an_access_token_of_our_own_pool_that_is_good_now(template: Template) -> None:
    method = methods(template)["ANY", "/api/v1/{proxy+}"]
    (authorizer,) = resources(template, "AWS::ApiGateway::Authorizer").values()
    assert method["AuthorizationScopes"] == ["openid"]
    (pool,) = resources(template, "AWS::Cognito::UserPool")
    assert [text(arn) for arn in authorizer["Properties"]["ProviderARNs"]] == [f"<{pool}.Arn>"]
    assert authorizer["Properties"]["AuthorizerResultTtlInSeconds"] == 0


def test_accounts_are_made_by_an_administrator_with_strong_passwords(template: Template) -> None:
    pool = properties(template, "AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 14
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))


def test_without_a_page_there_are_no_accounts(settings: Settings) -> None:
    alone = gateway(changed(settings, page=False))
    assert not resources(alone, "AWS::Cognito::UserPool")
    assert not [path for _, path in methods(alone) if path.startswith("/api")]


def test_api_gateway_may_call_the_function_and_nobody_else_may(template: Template) -> None:
    permissions = [body["Properties"] for body in resources(template, "AWS::Lambda::Permission").values()]
    (api,) = resources(template, "AWS::ApiGateway::RestApi")
    assert [(one["Principal"], text(one["SourceArn"]).rpartition(":")[2]) for one in permissions] == [
        ("apigateway.amazonaws.com", f"<{api}>/*/*/*")
    ]


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
    assert len(groups) >= 14
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


def test_the_function_serves_http_behind_the_web_adapter(template: Template) -> None:
    found = function(template)
    variables = found["Environment"]["Variables"]
    assert found["Handler"] == "run.sh"
    assert found["Architectures"] == ["arm64"]
    assert variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert variables["AWS_LWA_INVOKE_MODE"] == "response_stream"
    assert variables["AWS_LWA_READINESS_CHECK_PATH"] == "/healthz"
    (layer,) = found["Layers"]
    assert text(layer) == "arn:aws:lambda:<AWS::Region>:<LambdaWebAdapter>:layer:LambdaAdapterLayerArm64:27"
    # Elsewhere than in commercial regions the layer has no publisher, and CloudFormation refuses the template.
    assert template["Mappings"]["LambdaWebAdapter"] == {"aws": {"account": "753240598075"}}


def test_the_function_is_told_where_everything_is(template: Template) -> None:
    variables = function(template)["Environment"]["Variables"]
    for name, resource in {
        "TARGET_PARAMETER": "ApprovedTarget",
        "MODELS_BUCKET": "ModelsBucket",
        "FEEDBACK_BUCKET": "RawBucket",
        "GATEWAY_TABLE": "Table",
        "DOCUMENTS_BUCKET": "DocumentsBucket",
    }.items():
        assert resource in text(variables[name]), name
    assert variables["FEEDBACK_PREFIX"] == "feedback/"
    # Whatever a model takes of the time that an answer may take is its own.
    assert variables["MODEL_TIMEOUT_SECONDS"] == str(function(template)["Timeout"])
    assert variables["VECTOR_INDEX"] == "passages-titan-embed-text-v2-1024"
    assert variables["GATEWAY_SETTINGS"] == "/var/task/gateway.json"
    assert text(variables["STATE_MACHINE_ARN"]).endswith(":stateMachine:fourfold-dev")
    assert not {"GUARDRAIL_ID", "GUARDRAIL_VERSION"} & set(variables)


def test_the_environment_fits_into_what_lambda_takes(settings: Settings) -> None:
    longest = sorted((key for key, model in CATALOGUE.items() if model.platform == "bedrock"), key=len)[-8:]
    most = gateway(changed(settings, models=tuple(OfferedModel(model=key) for key in longest)))
    variables = function(most)["Environment"]["Variables"]
    assert sum(len(name) + len(filled_in(value, most)) for name, value in variables.items()) < MOST_OF_ENVIRONMENT


def test_the_function_asks_our_endpoint_and_the_models_of_the_settings_and_no_other(
    template: Template, settings: Settings
) -> None:
    role = statements_of(template, "HandlerRole")
    for call in ("InvokeEndpoint", "InvokeEndpointWithResponseStream", "DescribeEndpoint"):
        (endpoint,) = allowed(role, f"sagemaker:{call}")
        assert endpoint.endswith(":endpoint/fourfold-dev")
    assert settings.document_embedder is not None
    asked = {model.model_id for model in (*settings.candidate_models, *settings.offered_models) if model.model_id}
    assert models_of(allowed(role, "bedrock:InvokeModelWithResponseStream")) == asked
    assert models_of(allowed(role, "bedrock:InvokeModel")) == asked | {settings.document_embedder.model_id}
    assert not [resource for resource in allowed(role, "bedrock:InvokeModel") if resource.endswith("*")]


def test_a_gateway_without_models_on_bedrock_may_not_call_it(settings: Settings) -> None:
    extractive = tuple(c for c in settings.selection.candidates if c.strategy == "extractive")
    selection = settings.selection.model_copy(update={"candidates": extractive})
    without = changed(settings, models=(), fallback=(), embeddings=None).model_copy(update={"selection": selection})
    alone = gateway(without)
    assert not allowed(statements_of(alone, "HandlerRole"), "bedrock:InvokeModel")
    assert not resources(alone, "AWS::S3Vectors::VectorBucket")
    assert "VECTOR_INDEX" not in function(alone)["Environment"]["Variables"]


def test_an_imported_model_is_allowed_by_its_own_arn() -> None:
    twin = gateway(load_settings("workflow.yaml", "twin"))
    invoked = allowed(statements_of(twin, "HandlerRole"), "bedrock:InvokeModelWithResponseStream")
    assert invoked == ["arn:<AWS::Partition>:bedrock:<AWS::Region>:<AWS::AccountId>:imported-model/smollm2q41v1"]


def test_the_function_writes_feedback_and_documents_and_reads_no_data_set(template: Template) -> None:
    role = statements_of(template, "HandlerRole")
    feedback, *documents = sorted(allowed(role, "s3:PutObject"), key=lambda arn: ("RawBucket" not in arn, arn))
    assert "RawBucket" in feedback
    assert feedback.endswith("/feedback/*")
    assert [arn.startswith("<DocumentsBucket") for arn in documents] == [True, True]
    assert [arn.partition("/")[2] for arn in documents] == ["lexical/*", "originals/*"]
    read = allowed(role, "s3:GetObject")
    assert not [arn for arn in read if "RawBucket" in arn or "CuratedBucket" in arn]
    # Originals are kept for their owner; the function has no use for them, and an index is never deleted.
    assert [arn.partition("/")[2] for arn in read if "DocumentsBucket" in arn] == ["lexical/*"]
    deleted = [arn.partition("/")[2] for arn in allowed(role, "s3:DeleteObject") if "DocumentsBucket" in arn]
    assert deleted == ["originals/*"]


def test_the_function_looks_at_the_workflow_and_cannot_start_it(template: Template) -> None:
    role = statements_of(template, "HandlerRole")
    assert [arn.rpartition(":")[2] for arn in allowed(role, "states:ListExecutions")] == ["fourfold-dev"]
    assert {
        action for statement in role for action in as_list(statement["Action"]) if action.startswith("states:")
    } == {"states:ListExecutions"}


def test_the_smoke_test_may_try_one_method_from_inside(templates: dict[str, Template]) -> None:
    role = statements_of(templates["Workflow"], "SmokeTestRole")
    (posted,) = allowed(role, "apigateway:POST")
    assert posted.endswith("/resources/*/methods/POST")
    assert [path for verb, path in methods(templates["Gateway"]) if verb == "POST"] == ["/v1/summarize"]


def test_address_ids_and_buckets_are_outputs(template: Template) -> None:
    named = {name for name in template["Outputs"] if not name.startswith("ExportsOutput")}
    assert named == {"ApiUrl", "RestApiId", "DocumentsBucketName", "UserPoolId"}
