"""Who gets through a REST API: users of a pool, partners with keys; and what the function hears of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.twin.helpers import Json, make_function, unique
from tests.twin.stack import Stack
from tests.twin.tokens import claims_of, forged, unsigned
from tests.twin.web_api import api_resources, call, context_of, make_web_function, proxy
from twin.emulator import Emulator

PASSWORD = "Correct-horse-7"
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> str:
    return make_web_function(emulator)


def deployed(emulator: Emulator, resources: dict[str, Json]) -> tuple[Stack, str]:
    """A stack with an API, and where that is served."""
    stack = Stack(emulator)
    assert stack.create(**resources)["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    return stack, f"{emulator.api_url(stack.reference('Api'), 'live')}/v1"


# ---- user pools -----------------------------------------------------------------------------------------

POOL = {
    "Pool": {
        "Type": "AWS::Cognito::UserPool",
        "Properties": {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}},
    },
    "Client": {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]},
    },
}


def authorizer(kind: str, **properties: Any) -> Json:
    given = {"RestApiId": {"Ref": "Api"}, "Name": kind.lower(), "Type": kind, **properties}
    return {"Type": "AWS::ApiGateway::Authorizer", "Properties": given}


def of_pool(*scopes: str) -> Json:
    """The settings of a method for the pool's users."""
    required = {"AuthorizationScopes": list(scopes)} if scopes else {}
    return {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": {"Ref": "Authorizer"}, **required}


@pytest.fixture(scope="module")
def pool(emulator: Emulator, function: str) -> Json:
    """An API for a pool's users, and one that wants a scope."""
    users = authorizer(
        "COGNITO_USER_POOLS",
        IdentitySource="method.request.header.Authorization",
        ProviderARNs=[{"Fn::GetAtt": ["Pool", "Arn"]}],
    )
    open_to_all = {**api_resources(proxy(function), **of_pool()), **POOL, "Authorizer": users}
    scoped = api_resources(proxy(function), **of_pool("aws.cognito.signin.user.admin"))["Method"]
    resource = api_resources(proxy(function))["Any"]
    resource["Properties"]["ParentId"] = {"Ref": "Scoped"}
    scoped["Properties"]["ResourceId"] = {"Ref": "ScopedAny"}
    parent = api_resources(proxy(function))["V1"]
    parent["Properties"].update(ParentId={"Ref": "V1"}, PathPart="scoped")
    further = {"Scoped": parent, "ScopedAny": resource, "ScopedMethod": scoped}
    open_to_all["Deployment"]["DependsOn"] = ["Method", "ScopedMethod"]
    stack, url = deployed(emulator, {**open_to_all, **further})
    return {"url": url, "id": stack.reference("Pool"), "client": stack.reference("Client")}


def tokens(emulator: Emulator, pool: Json, client_id: str | None = None) -> Json:
    """What a user of the pool gets for signing in."""
    client, name = emulator.client("cognito-idp"), unique("user")
    client.admin_create_user(UserPoolId=pool["id"], Username=name, MessageAction="SUPPRESS")
    client.admin_set_user_password(UserPoolId=pool["id"], Username=name, Password=PASSWORD, Permanent=True)
    signed_in = client.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=client_id or pool["client"],
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    return dict(signed_in["AuthenticationResult"])


def test_a_users_identity_token_gets_through_and_the_function_learns_whose_it_is(
    emulator: Emulator, pool: Json
) -> None:
    token = tokens(emulator, pool)["IdToken"]
    status, _, answer = call(f"{pool['url']}/echo", Authorization=f"Bearer {token}")
    assert status == 200
    assert context_of(answer)["authorizer"]["claims"]["sub"] == claims_of(token)["sub"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: forged(token, sub="another"),
        lambda token: forged(token, exp=int(time.time()) + 10**6),
        unsigned,
        lambda token: token[:-8],
        lambda _token: "not-a-token",
        lambda _token: "",
    ],
)
def test_a_token_that_the_pool_has_not_signed_does_not(
    emulator: Emulator, pool: Json, spoil: Callable[[str], str]
) -> None:
    spoilt = spoil(tokens(emulator, pool)["IdToken"])
    status, _, answer = call(f"{pool['url']}/echo", Authorization=spoilt)
    assert (status, answer) == (401, {"message": "Unauthorized"})


def test_an_access_token_is_no_identity_token(emulator: Emulator, pool: Json) -> None:
    assert call(f"{pool['url']}/echo", Authorization=tokens(emulator, pool)["AccessToken"])[0] == 401


def test_a_method_with_scopes_takes_access_tokens_and_no_others(emulator: Emulator, pool: Json) -> None:
    given = tokens(emulator, pool)
    assert call(f"{pool['url']}/scoped/echo", Authorization=given["AccessToken"])[0] == 200
    assert call(f"{pool['url']}/scoped/echo", Authorization=given["IdToken"])[0] == 401


def test_a_token_of_another_pool_does_not_get_through(emulator: Emulator, pool: Json) -> None:
    stack = Stack(emulator)
    stack.create(**POOL)
    other = {"id": stack.reference("Pool"), "client": stack.reference("Client")}
    assert call(f"{pool['url']}/echo", Authorization=tokens(emulator, other)["IdToken"])[0] == 401


def test_a_token_of_a_client_that_was_deleted_does_not_get_through(emulator: Emulator, pool: Json) -> None:
    client = emulator.client("cognito-idp")
    made = client.create_user_pool_client(
        UserPoolId=pool["id"], ClientName="gone", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    token = tokens(emulator, pool, made)["IdToken"]
    assert call(f"{pool['url']}/echo", Authorization=token)[0] == 200
    client.delete_user_pool_client(UserPoolId=pool["id"], ClientId=made)
    assert call(f"{pool['url']}/echo", Authorization=token)[0] == 401


def test_a_token_that_has_expired_does_not_get_through(emulator: Emulator, pool: Json) -> None:
    client = emulator.client("cognito-idp")
    made = client.create_user_pool_client(
        UserPoolId=pool["id"],
        ClientName="short",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        IdTokenValidity=300,
        TokenValidityUnits={"IdToken": "seconds"},
    )["UserPoolClient"]["ClientId"]
    claims = claims_of(tokens(emulator, pool, made)["IdToken"])
    assert claims["exp"] - claims["iat"] == 300


# ---- partners -------------------------------------------------------------------------------------------

AUTHORIZE = """
def handle(event, context):
    key = event["headers"].get("authorization", "").removeprefix("Bearer ")
    statement = {"Effect": "Deny" if key == "denied" else "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    return {"principalId": "partner", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "usageIdentifierKey": key, "context": {"asked": context.aws_request_id}}
"""


def invoked(function: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"


def partners(function: str, authorizer_arn: str, source: str, keys: Json, **plan: Any) -> dict[str, Json]:
    """An API for partners: keys by name with their values, and one usage plan for all."""
    key_of_caller = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}, "ApiKeyRequired": True}
    resources = api_resources(proxy(function), api={"ApiKeySourceType": source}, **key_of_caller)
    resources["Authorizer"] = authorizer(
        "REQUEST",
        AuthorizerUri=invoked(authorizer_arn),
        IdentitySource="method.request.header.Authorization",
        AuthorizerResultTtlInSeconds=300,
    )
    stages = [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}, **plan.pop("stage", {})}]
    resources["Plan"] = {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": stages, **plan}}
    for name, value in keys.items():
        resources[name] = {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": value}}
        joined = {"KeyId": {"Ref": name}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}}
        resources[f"{name}Joined"] = {"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": joined}
    return resources


@pytest.fixture(scope="module")
def asked(emulator: Emulator) -> str:
    """The ARN of a function that authorizes whoever has a key, and hands that on."""
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{make_function(emulator, AUTHORIZE)}"


def key() -> str:
    return unique("a-key-of-twenty-characters")


def test_the_key_that_an_authorizer_names_opens_the_api_and_the_function_learns_its_id(
    emulator: Emulator, function: str, asked: str
) -> None:
    value = key()
    stack, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": value}))
    status, _, answer = call(f"{url}/echo", Authorization=f"Bearer {value}")
    assert status == 200
    context = context_of(answer)
    assert context["identity"]["apiKeyId"] == stack.reference("Partner")
    assert "usageIdentifierKey" not in json.dumps(context)


def test_with_that_source_a_header_is_no_key(emulator: Emulator, function: str, asked: str) -> None:
    value = key()
    _, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": value}))
    status, _, answer = call(f"{url}/echo", Authorization="Bearer unknown", x_api_key=value)
    assert (status, answer) == (403, {"message": "Forbidden"})


def test_with_the_other_source_the_header_is_what_counts(emulator: Emulator, function: str, asked: str) -> None:
    value = key()
    _, url = deployed(emulator, partners(function, asked, "HEADER", {"Partner": value}))
    assert call(f"{url}/echo", Authorization="Bearer unknown", x_api_key=value)[0] == 200
    assert call(f"{url}/echo", Authorization=f"Bearer {value}")[0] == 403


def test_a_key_that_is_disabled_opens_nothing_until_it_is_enabled_again(
    emulator: Emulator, function: str, asked: str
) -> None:
    value, client = key(), emulator.client("apigateway")
    stack, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": value}))
    for enabled, status in (("false", 403), ("true", 200)):
        patch = [{"op": "replace", "path": "/enabled", "value": enabled}]
        assert client.update_api_key(apiKey=stack.reference("Partner"), patchOperations=patch)["enabled"] is (
            enabled == "true"
        )
        assert call(f"{url}/echo", Authorization=f"Bearer {value}")[0] == status


def test_an_authorizers_denial_is_a_denial_and_nobody_without_credentials_is_asked_about(
    emulator: Emulator, function: str, asked: str
) -> None:
    _, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": key()}))
    assert call(f"{url}/echo", Authorization="Bearer denied")[0] == 403
    assert call(f"{url}/echo")[0] == 401


def test_an_authorizer_is_asked_once_for_each_credential(emulator: Emulator, function: str, asked: str) -> None:
    first, second = key(), key()
    _, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"First": first, "Second": second}))

    def asked_for(value: str) -> tuple[str, str]:
        context = context_of(call(f"{url}/echo", Authorization=f"Bearer {value}")[2])
        return context["authorizer"]["asked"], context["identity"]["apiKeyId"]

    assert asked_for(first) == asked_for(first)
    assert asked_for(second)[0] != asked_for(first)[0]
    assert asked_for(second)[1] != asked_for(first)[1]


def statuses(url: str, value: str, times: int) -> list[int]:
    return [call(f"{url}/echo", Authorization=f"Bearer {value}")[0] for _ in range(times)]


def test_a_usage_plans_quota_ends_a_partners_requests_and_no_others(
    emulator: Emulator, function: str, asked: str
) -> None:
    first, second = key(), key()
    quota = {"Limit": 2, "Period": "DAY"}
    _, url = deployed(
        emulator, partners(function, asked, "AUTHORIZER", {"First": first, "Second": second}, Quota=quota)
    )
    assert statuses(url, first, 3) == [200, 200, 429]
    assert statuses(url, second, 1) == [200]


def test_a_usage_plans_throttle_ends_a_burst(emulator: Emulator, function: str, asked: str) -> None:
    value = key()
    throttle = {"RateLimit": 0.01, "BurstLimit": 2}
    _, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": value}, Throttle=throttle))
    assert statuses(url, value, 3) == [200, 200, 429]


def test_so_does_the_throttle_of_one_method(emulator: Emulator, function: str, asked: str) -> None:
    value = key()
    stage = {"Throttle": {"/v1/{proxy+}/GET": {"RateLimit": 0.01, "BurstLimit": 1}}}
    _, url = deployed(emulator, partners(function, asked, "AUTHORIZER", {"Partner": value}, stage=stage))
    assert statuses(url, value, 2) == [200, 429]


# ---- what the function hears ----------------------------------------------------------------------------


def test_a_client_cannot_say_where_it_comes_from(emulator: Emulator, function: str) -> None:
    _, url = deployed(emulator, api_resources(proxy(function)))
    answer = call(f"{url}/echo", X_Forwarded_For="203.0.113.9")[2]
    assert context_of(answer)["identity"]["sourceIp"] == "127.0.0.1"
    assert answer["headers"]["x-forwarded-for"] == ["203.0.113.9, 127.0.0.1"]


@pytest.mark.parametrize(("megabytes", "message"), [(11, "Request Entity Too Large"), (7, "Request Too Long")])
def test_a_body_that_is_too_large_does_not_reach_the_function(
    emulator: Emulator, function: str, megabytes: int, message: str
) -> None:
    _, url = deployed(emulator, api_resources(proxy(function)))
    status, _, answer = call(f"{url}/echo", "POST", b"x" * (megabytes * 1024 * 1024))
    assert (status, answer) == (413, {"message": message})
