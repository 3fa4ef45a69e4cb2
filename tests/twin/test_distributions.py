"""CloudFront's distributions: what viewers get under a name of this machine, and who gets nothing."""

from __future__ import annotations

import json

import pytest

from tests.twin.distributions import Page, behavior, page_resources
from tests.twin.helpers import Json
from tests.twin.stack import Stack
from tests.twin.web_api import api_resources, context_of, make_web_function, proxy
from twin.emulator import Emulator


@pytest.fixture(scope="module")
def page(emulator: Emulator) -> Page:
    stack = Stack(emulator)
    function = make_web_function(emulator)
    created = stack.create(**api_resources(proxy(function)), **page_resources())
    assert created["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    made = Page(emulator, stack)
    made.put("index.html", "<h1>The page</h1>", "text/html")
    made.put("lib/app.js", "export {}", "text/javascript")
    return made


# ---- the page -------------------------------------------------------------------------------------------


def test_the_root_is_the_default_object_of_the_bucket(page: Page) -> None:
    answer = page.opened("/")
    assert (answer.status, answer.read()) == (200, b"<h1>The page</h1>")
    assert answer.headers["content-type"] == "text/html"


def test_a_file_of_the_bucket_comes_with_its_type(page: Page) -> None:
    assert page.opened("/lib/app.js").headers["content-type"] == "text/javascript"


def test_the_headers_policy_applies_and_names_the_sign_in_where_it_is_here(page: Page) -> None:
    policy = page.opened("/").headers["content-security-policy"]
    assert policy.endswith(f"http://chat.auth.us-east-1.amazoncognito.localhost:{page.emulator.port}")


def test_so_does_the_pages_configuration(page: Page) -> None:
    given = {
        "cognito": {"domain": "https://chat.auth.us-east-1.amazoncognito.com"},
        "at": f"https://{page.label}.cloudfront.net/",
    }
    page.put("config.json", json.dumps(given), "application/json")
    status, text = page.get("/config.json")
    found = json.loads(text)
    assert status == 200
    assert found["cognito"]["domain"] == f"http://chat.auth.us-east-1.amazoncognito.localhost:{page.emulator.port}"
    assert found["at"] == f"http://{page.host}/"


def test_what_is_not_in_the_bucket_is_denied(page: Page) -> None:
    assert page.get("/nothing.html")[0] == 403


def test_a_method_that_the_behavior_does_not_allow_is_refused(page: Page) -> None:
    assert page.get("/", method="POST", body=b"x")[0] == 403


def test_a_bucket_whose_policy_names_another_distribution_is_not_read(emulator: Emulator, page: Page) -> None:
    stack = Stack(emulator)
    resources = page_resources()
    statement = resources["Policy"]["Properties"]["PolicyDocument"]["Statement"][0]
    statement["Condition"] = {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::000000000000:distribution/E1"}}
    stack.create(**api_resources(proxy("arn:aws:lambda:us-east-1:000000000000:function:none")), **resources)
    other = Page(emulator, stack)
    other.put("index.html", "secret", "text/html")
    assert other.get("/")[0] == 403


@pytest.mark.parametrize("granted", [True, False])
def test_an_encrypted_object_needs_its_keys_policy_too(emulator: Emulator, page: Page, granted: bool) -> None:
    client = emulator.client("kms")
    key = client.create_key()["KeyMetadata"]["Arn"]
    if granted:
        policy = json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        distribution_arn = f"arn:aws:cloudfront::000000000000:distribution/{page.stack.reference('Distribution')}"
        reader = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
        }
        policy["Statement"].append(reader)
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    page.put("sealed.html", "sealed", "text/html", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert page.get("/sealed.html")[0] == (200 if granted else 403)


def test_a_custom_error_response_answers_in_place_of_the_error(emulator: Emulator) -> None:
    stack = Stack(emulator)
    errors = [{"ErrorCode": 403, "ResponseCode": 404, "ResponsePagePath": "/missing.html"}]
    resources = page_resources(CustomErrorResponses=errors)
    stack.create(**api_resources(proxy("arn:aws:lambda:us-east-1:000000000000:function:none")), **resources)
    made = Page(emulator, stack)
    made.put("missing.html", "Not here.", "text/html")
    assert made.get("/nothing") == (404, "Not here.")


# ---- the API --------------------------------------------------------------------------------------------


def test_the_apis_paths_go_to_the_api(page: Page) -> None:
    status, text = page.get("/v1/echo?q=1", method="POST", body=b"hello", x_own="mine")
    answer = json.loads(text)
    assert status == 200
    assert (answer["method"], answer["path"], answer["body"]) == ("POST", "/v1/echo?q=1", "hello")
    assert answer["headers"]["x-own"] == ["mine"]
    assert context_of(answer)["stage"] == "live"


def test_an_answer_of_the_api_is_passed_on_as_it_comes(page: Page) -> None:
    answer = page.opened("/v1/stream")
    assert answer.read1() == b"data: one\n\n"
    page.get("/v1/release")
    assert answer.read() == b"data: two\n\n"


def test_a_viewer_who_goes_away_ends_the_request_to_the_application(page: Page) -> None:
    answer = page.opened("/v1/forever")
    answer.read1()
    answer.close()
    answer.leave()
    assert page.get("/v1/gone") == (200, "true")


def test_an_api_is_not_found_under_the_viewers_host(emulator: Emulator, page: Page) -> None:
    stack = Stack(emulator)
    resources = page_resources()
    behaviors = resources["Distribution"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    behaviors[0]["OriginRequestPolicyId"] = "216adef6-5c7f-47e4-b989-5492eafa07d3"  # Managed-AllViewer
    stack.create(**api_resources(proxy("arn:aws:lambda:us-east-1:000000000000:function:none")), **resources)
    assert Page(emulator, stack).get("/v1/echo")[0] == 403


# ---- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"Aliases": ["chat.example.com"]}, "Aliases"),
        (
            {"DefaultCacheBehavior": behavior("page", FunctionAssociations=[{"EventType": "viewer-request"}])},
            "FunctionAssociations",
        ),
        (
            {"DefaultCacheBehavior": behavior("page", LambdaFunctionAssociations=[{"EventType": "viewer-request"}])},
            "LambdaFunctionAssociations",
        ),
    ],
)
def test_what_a_distribution_does_not_do_here_fails_the_stack_by_name(
    emulator: Emulator, settings: Json, named: str
) -> None:
    stack = Stack(emulator)
    resources = page_resources(**settings)
    resources |= api_resources(proxy("arn:aws:lambda:us-east-1:000000000000:function:none"))
    assert "ROLLBACK" in stack.create(**resources)["StackStatus"]
    assert f"do not have {named}" in stack.reasons()


@pytest.mark.parametrize(
    "path",
    [
        "/?Action=ListRoles&Version=2010-05-08&X-Amz-Signature=0&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=000000000000/20260101/us-east-1/iam/aws4_request",
        "/_ministack/health",
        "/_aws/execute-api/any/live/v1/echo",
    ],
)
def test_nothing_of_the_account_is_served_under_a_distributions_name(page: Page, path: str) -> None:
    status, text = page.get(path)
    assert status == 403 or text == "<h1>The page</h1>"


def test_a_distribution_that_is_not_there_says_so(page: Page) -> None:
    status, text = page.get("/", Host=f"nobody.cloudfront.localhost:{page.emulator.port}")
    assert (status, "There is no distribution" in text) == (404, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors", "Origin": "https://evil.example"},
        {"Origin": "http://another.cloudfront.localhost:1"},
    ],
)
def test_a_page_of_another_site_gets_nothing(page: Page, headers: dict[str, str]) -> None:
    status, text = page.get("/", **headers)
    assert (status, "answers its own pages alone" in text) == (403, True)


def test_a_page_may_ask_its_own_distribution(page: Page) -> None:
    own = {"Origin": f"http://{page.host}", "Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}
    assert page.get("/v1/echo", method="POST", body=b"x", **own)[0] == 200


def test_a_user_may_come_from_anywhere(page: Page) -> None:
    visit = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert page.get("/", **visit)[0] == 200
