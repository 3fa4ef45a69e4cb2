"""What the twin does not serve answers with an error, by whatever way it is asked for."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.twin.helpers import make_function, unique
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID

EMAIL = {"FromEmailAddress": "a@b.example", "Destination": {"ToAddresses": ["c@d.example"]}, "Content": {}}


def ask(
    emulator: Emulator, service: str, method: str, path: str, body: Any = None, host: str = "127.0.0.1"
) -> tuple[int, str]:
    """Ask as root, signed for a service; with none, without credentials."""
    url, content = f"http://{host}:{emulator.port}{path}", json.dumps(body) if body is not None else ""
    request = AWSRequest(method, url, {"Content-Type": "application/json"}, content)
    if service:
        SigV4Auth(Credentials(ACCOUNT_ID, "x"), service, "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=30)
    try:
        connection.request(method, path, content, {**dict(request.headers), "Host": f"{host}:{emulator.port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("service", "method", "path", "body"),
    [
        ("ses", "POST", "/v2/email/outbound-emails", EMAIL),
        ("rds-data", "POST", "/Execute", {"sql": "select 1"}),
        ("s3tables", "GET", "/iceberg/v1/config", None),
        ("s3-control", "GET", "/v20180820/accesspoint", None),
        ("cognito-identity", "POST", "/", {"IdentityPoolName": "pool"}),
    ],
)
def test_a_service_with_paths_of_its_own_is_refused_by_name(
    emulator: Emulator, service: str, method: str, path: str, body: Any
) -> None:
    signing = "s3" if service == "s3-control" else service
    status, answer = ask(emulator, signing, method, path, body)
    assert (status, json.loads(answer)["message"]) == (501, f"The twin does not serve {service}.")


@pytest.mark.parametrize("path", ["/v2/", "/v2/_catalog", "/v2/name/tags/list", "/iceberg/v1/config", "/_alb/name/"])
def test_nothing_answers_without_credentials(emulator: Emulator, path: str) -> None:
    status, _ = ask(emulator, "", "GET", path)
    assert status in (403, 404)


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/logout", "/oauth2/token", "/login"])
def test_nobody_signs_in_to_user_pools_under_the_emulators_own_address(emulator: Emulator, path: str) -> None:
    for method in ("GET", "POST"):
        status, _ = ask(emulator, "", method, path)
        assert status in (403, 404, 405)


def test_function_urls_are_served_by_path_and_by_host(emulator: Emulator) -> None:
    name = make_function(emulator, "def handle(event, context): return {'statusCode': 200, 'body': 'by its URL'}")
    url = emulator.client("lambda").create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    url_id = url.partition("//")[2].partition(".")[0]
    assert ask(emulator, "lambda", "GET", f"/_aws/lambda-url/{url_id}/") == (200, "by its URL")
    host = f"{url_id}.lambda-url.us-east-1.localhost"
    assert ask(emulator, "lambda", "GET", "/", host=host) == (200, "by its URL")


@pytest.mark.parametrize(
    "resource_type",
    [
        "AWS::CloudFront::Function",
        "AWS::Cognito::IdentityPool",
        "AWS::EC2::VPC",
        "AWS::Glue::Trigger",
        "AWS::Lambda::LayerVersion",
        "AWS::SES::EmailIdentity",
        "AWS::Scheduler::Schedule",
    ],
)
def test_a_resource_type_behind_which_nothing_is_served_fails_its_stack(emulator: Emulator, resource_type: str) -> None:
    template = json.dumps({"Resources": {"One": {"Type": resource_type, "Properties": {}}}})
    with pytest.raises(ClientError, match=resource_type):
        emulator.client("cloudformation").create_stack(StackName=unique("stack"), TemplateBody=template)
