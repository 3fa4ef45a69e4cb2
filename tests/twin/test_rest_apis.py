"""REST APIs of the emulator: authorization, validation, errors, and methods that are tested."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_function, unique, user_client
from twin.emulator import Emulator

ANSWER = """
import json
def handle(event, context):
    body = json.loads(event["body"] or "{}")
    if body.get("fail"): raise ValueError("a secret of the function")
    context = event["requestContext"]
    if body["text"] == "who?": return {"statusCode": 200, "body": json.dumps(context["identity"])}
    return {"statusCode": 200, "body": json.dumps({"stage": context["stage"], "body": body})}
"""


@pytest.fixture(scope="module")
def api(emulator: Emulator) -> dict[str, str]:
    """A REST API with POST /v1/echo: IAM authorization, and a body that must have a text."""
    client, function = emulator.client("apigateway"), make_function(emulator, ANSWER)
    api_id = client.create_rest_api(name=unique("api"))["id"]
    root = client.get_resources(restApiId=api_id)["items"][0]["id"]
    parent = client.create_resource(restApiId=api_id, parentId=root, pathPart="v1")["id"]
    resource = client.create_resource(restApiId=api_id, parentId=parent, pathPart="echo")["id"]
    schema = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    client.create_model(restApiId=api_id, name="Echo", contentType="application/json", schema=json.dumps(schema))
    validator = client.create_request_validator(restApiId=api_id, name="body", validateRequestBody=True)["id"]
    method = {"restApiId": api_id, "resourceId": resource, "httpMethod": "POST"}
    client.put_method(
        **method,
        authorizationType="AWS_IAM",
        requestModels={"application/json": "Echo"},
        requestValidatorId=validator,
    )
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    client.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api_id, stageName="live")
    return {"id": api_id, "resource": resource}


def post(url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, data=json.dumps(body).encode(), method="POST")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_request_without_credentials_is_refused(emulator: Emulator, api: dict[str, str]) -> None:
    status, answer = post(f"{emulator.api_url(api['id'], 'live')}/v1/echo", {"text": "x"})
    assert (status, answer["message"]) == (403, "Missing Authentication Token")


def invoke_method(emulator: Emulator, api: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    return dict(
        emulator.client("apigateway").test_invoke_method(
            restApiId=api["id"], resourceId=api["resource"], httpMethod="POST", body=json.dumps(body)
        )
    )


def test_test_invoke_method_runs_the_function_without_the_authorizer(emulator: Emulator, api: dict[str, str]) -> None:
    answer = invoke_method(emulator, api, {"text": "hello"})
    assert answer["status"] == 200
    assert json.loads(answer["body"]) == {"stage": "test-invoke-stage", "body": {"text": "hello"}}


def test_test_invoke_method_tells_the_function_who_tests(emulator: Emulator, api: dict[str, str]) -> None:
    tester = emulator.client("sts").get_caller_identity()
    told = json.loads(invoke_method(emulator, api, {"text": "who?"})["body"])
    assert (told["userArn"], told["accountId"]) == (tester["Arn"], tester["Account"])
    assert (told["apiKeyId"], told["sourceIp"]) == ("test-invoke-api-key-id", "test-invoke-source-ip")


def test_test_invoke_method_needs_its_permission(emulator: Emulator, api: dict[str, str]) -> None:
    client = user_client(emulator, "apigateway", allow("apigateway:GET"))
    with pytest.raises(ClientError, match="apigateway:POST"):
        client.test_invoke_method(restApiId=api["id"], resourceId=api["resource"], httpMethod="POST")


def test_the_request_validator_refuses_a_body_without_its_required_field(
    emulator: Emulator, api: dict[str, str]
) -> None:
    answer = invoke_method(emulator, api, {"other": 1})
    assert answer["status"] == 400
    assert "Invalid request body" in answer["body"]


def test_a_failed_function_is_an_internal_server_error_to_api_clients(emulator: Emulator, api: dict[str, str]) -> None:
    answer = invoke_method(emulator, api, {"text": "x", "fail": True})
    assert answer["status"] == 502
    assert json.loads(answer["body"]) == {"message": "Internal server error"}
