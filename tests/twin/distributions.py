"""A page behind a distribution."""

from __future__ import annotations

import http.client
from typing import Any

from tests.twin.helpers import Json, unique
from tests.twin.stack import Stack
from twin.emulator import Emulator

NO_CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # Managed-CachingDisabled

ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # Managed-AllViewerExceptHostHeader

ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]

CSP = "default-src 'self'; connect-src 'self' https://chat.auth.us-east-1.amazoncognito.com"

ARN = {"Fn::Sub": "arn:aws:cloudfront::000000000000:distribution/${Distribution}"}


def behavior(origin: str, **settings: Any) -> Json:
    policies = {"CachePolicyId": NO_CACHE, "OriginRequestPolicyId": ALL_BUT_HOST}
    return {"TargetOriginId": origin, "ViewerProtocolPolicy": "redirect-to-https", **policies, **settings}


def distribution(**settings: Any) -> Json:
    """A distribution with a bucket's page and, under /api, an API."""
    page = {
        "Id": "page",
        "DomainName": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": {"Ref": "Access"},
    }
    api = {
        "Id": "api",
        "DomainName": {"Fn::Sub": "${Api}.execute-api.us-east-1.amazonaws.com"},
        "OriginPath": "/live",
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
    }
    config = {
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": [page, api],
        "DefaultCacheBehavior": behavior("page", ResponseHeadersPolicyId={"Ref": "Headers"}),
        "CacheBehaviors": [behavior("api", PathPattern="/v1/*", AllowedMethods=ALL_METHODS)],
        **settings,
    }
    return {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}


def page_resources(**settings: Any) -> dict[str, Json]:
    """A bucket that the distribution may read, and what the distribution needs besides an API."""
    signing = {"SigningBehavior": "always", "SigningProtocol": "sigv4"}
    access = {"Name": unique("access"), "OriginAccessControlOriginType": "s3", **signing}
    headers = {"ContentSecurityPolicy": {"ContentSecurityPolicy": CSP, "Override": True}}
    reader = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"},
        "Condition": {"StringEquals": {"AWS:SourceArn": ARN}},
    }
    return {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": unique("page")}},
        "Access": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {**access, "SigningBehavior": "always", "SigningProtocol": "sigv4"}
            },
        },
        "Headers": {
            "Type": "AWS::CloudFront::ResponseHeadersPolicy",
            "Properties": {
                "ResponseHeadersPolicyConfig": {"Name": unique("headers"), "SecurityHeadersConfig": headers}
            },
        },
        "Distribution": distribution(**settings),
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [reader]},
            },
        },
    }


class Page:
    """A deployed distribution, as a viewer sees it."""

    def __init__(self, emulator: Emulator, stack: Stack) -> None:
        self.emulator, self.stack = emulator, stack
        found = emulator.client("cloudfront").get_distribution(Id=stack.reference("Distribution"))["Distribution"]
        self.label = found["DomainName"].partition(".")[0]
        self.host = f"{self.label}.cloudfront.localhost:{emulator.port}"

    def put(self, key: str, text: str, kind: str, **settings: Any) -> None:
        self.emulator.client("s3").put_object(
            Bucket=self.stack.reference("Bucket"), Key=key, Body=text.encode(), ContentType=kind, **settings
        )

    def opened(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
        """The answer to a request, its body not read yet; its `leave` closes the connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=30)
        given = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, body, given)
        answer: Any = connection.getresponse()
        answer.leave = connection.close
        return answer

    def get(self, path: str, **request: Any) -> tuple[int, str]:
        answer = self.opened(path, **request)
        return answer.status, answer.read().decode()
