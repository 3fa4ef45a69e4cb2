"""On which resources requests of CloudFront, Cognito and WAF need their permissions."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, unique, user_client
from twin.emulator import Emulator
from twin.run.page import make_user

ACL = {
    "Scope": "REGIONAL",
    "DefaultAction": {"Allow": {}},
    "Rules": [],
    "VisibilityConfig": {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "acl"},
}


def test_a_policy_of_a_distribution_is_a_resource(emulator: Emulator) -> None:
    config = {"Name": unique("headers"), "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}}
    root = emulator.client("cloudfront")
    made = root.create_response_headers_policy(ResponseHeadersPolicyConfig=config)["ResponseHeadersPolicy"]["Id"]
    arn = f"arn:aws:cloudfront::000000000000:response-headers-policy/{made}"
    client = user_client(emulator, "cloudfront", allow("cloudfront:GetResponseHeadersPolicy", arn))
    assert client.get_response_headers_policy(Id=made)["ResponseHeadersPolicy"]["Id"] == made
    with pytest.raises(ClientError, match="cloudfront:DeleteResponseHeadersPolicy"):
        client.delete_response_headers_policy(Id=made, IfMatch="x")


def test_a_user_pool_is_tagged_by_whoever_may_tag_that_pool(emulator: Emulator) -> None:
    pool = emulator.client("cognito-idp").create_user_pool(PoolName=unique("pool"))["UserPool"]
    client = user_client(emulator, "cognito-idp", allow("cognito-idp:TagResource", pool["Arn"]))
    client.tag_resource(ResourceArn=pool["Arn"], Tags={"a": "b"})
    with pytest.raises(ClientError, match="cognito-idp:UntagResource"):
        client.untag_resource(ResourceArn=pool["Arn"], TagKeys=["a"])


def test_users_sign_in_without_any_permission_and_nobody_else_does_anything(emulator: Emulator) -> None:
    root = emulator.client("cognito-idp")
    pool = root.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    made = root.create_user_pool_client(
        UserPoolId=pool, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    password = make_user(emulator, pool, "user")
    anyone: Any = boto3.client(
        "cognito-idp",
        region_name="us-east-1",
        endpoint_url=emulator.endpoint_url,
        config=Config(signature_version=UNSIGNED),
    )
    signed_in = anyone.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=made["UserPoolClient"]["ClientId"],
        AuthParameters={"USERNAME": "user", "PASSWORD": password},
    )
    assert anyone.get_user(AccessToken=signed_in["AuthenticationResult"]["AccessToken"])["Username"] == "user"
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        anyone.admin_get_user(UserPoolId=pool, Username="user")


def test_a_web_acl_is_named_with_its_id(emulator: Emulator) -> None:
    root, name = emulator.client("wafv2"), unique("acl")
    made = root.create_web_acl(Name=name, **ACL)["Summary"]
    client = user_client(emulator, "wafv2", allow("wafv2:GetWebACL", made["ARN"]))
    assert client.get_web_acl(Name=name, Id=made["Id"], Scope="REGIONAL")["WebACL"]["Name"] == name


@pytest.mark.parametrize("missing", ["wafv2:AssociateWebACL", "apigateway:SetWebACL"])
def test_an_association_needs_the_acl_the_stage_and_the_stages_consent(emulator: Emulator, missing: str) -> None:
    made = emulator.client("wafv2").create_web_acl(Name=unique("acl"), **ACL)["Summary"]["ARN"]
    stage = "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live"
    needed = [allow("wafv2:AssociateWebACL", [made, stage]), allow("apigateway:SetWebACL", stage)]
    user_client(emulator, "wafv2", *needed).associate_web_acl(WebACLArn=made, ResourceArn=stage)
    lacking = [statement for statement in needed if statement["Action"] != missing]
    with pytest.raises(ClientError, match=missing):
        user_client(emulator, "wafv2", *lacking).associate_web_acl(WebACLArn=made, ResourceArn=stage)
