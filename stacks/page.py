"""The page in front of the gateway: files in a private bucket, behind CloudFront, on one origin with the API.

Because `/api/*` of the page's own address leads to the API, a browser asks no other origin but that of the sign-in, and
the Content-Security-Policy names the two. Each version of the files lies under its own prefix: a deployment switches
over at once, when all of them are there.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.assets import page_files
from cdk_app.constructs.api import STAGE
from cdk_app.constructs.bucket import page_bucket
from cdk_app.constructs.function import PythonFunction
from cdk_app.constructs.grants import allow, delete_versions, read_asset
from cdk_app.constructs.names import resource_name
from cdk_app.constructs.page_headers import page_headers
from cdk_app.constructs.retention import removal_policy
from cdk_app.constructs.sign_in import SignIn
from cdk_app.nag import acknowledge
from cdk_app.settings import Settings
from stacks.foundation import Foundation
from stacks.gateway import Gateway
from stacks.gateway_settings import limits

_CONFIGURATION = "configuration/"
_INDEX = "index.html"
_MISSING = "missing.html"
_VERSION_LENGTH = 16
# As long as CloudFront waits for the next piece of an answer without a larger quota.
_LONGEST_SILENCE = cdk.Duration.seconds(60)
_WITHIN = cdk.Duration.minutes(5)
# S3 answers 403 for a file that there is not, to whom may not list the bucket, and names the bucket. This is the whole
# origin's, and the API says 404 of its own; 403 it leaves to the firewall, whose status stays true like this.
_MISSING_FILE = cloudfront.ErrorResponse(
    http_status=403, response_http_status=403, response_page_path=f"/{_MISSING}", ttl=cdk.Duration.seconds(0)
)


class Page(cdk.Stack):
    """Bucket, distribution, the sign-in's domain and client, and what the page has to know of them."""

    distribution: cloudfront.Distribution
    bucket: s3.Bucket
    sign_in: SignIn

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: Foundation,
        gateway: Gateway,
        users: cognito.UserPool,
    ) -> None:
        super().__init__(scope, construct_id, description="Fourfold: the page in front of the gateway.")
        self._settings = settings
        self.bucket = page_bucket(
            self, "PageBucket", logs=foundation.logs_bucket, removal_policy=removal_policy(settings)
        )
        self._publisher = self._make_publisher(foundation)
        self.sign_in = SignIn(self, "SignIn", users=users, name=resource_name(settings))
        files = self._publish_files()
        self.distribution = self._make_distribution(gateway)
        # Whoever is sent to another version finds it there.
        self.distribution.node.add_dependency(files)
        domain = settings.gateway.domain
        self.address = f"https://{domain.name if domain else self.distribution.distribution_domain_name}/"
        client = self.sign_in.add_client(self.address)
        self._publish_configuration(client)
        cdk.CfnOutput(self, "PageBucketName", value=self.bucket.bucket_name)
        cdk.CfnOutput(self, "PageUrl", value=self.address)
        cdk.CfnOutput(self, "PageDomainName", value=self.distribution.distribution_domain_name)
        cdk.CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)

    def _make_publisher(self, foundation: Foundation) -> PythonFunction:
        self._files = page_files(self, "Files")
        self._prefix = f"{self._files.asset_hash[:_VERSION_LENGTH]}/"
        made = PythonFunction(
            self,
            "PublishPage",
            name="publish_page",
            description="Puts the page's files and its configuration into its bucket.",
            key=foundation.key,
            timeout=_WITHIN,
        )
        read_asset(made.role, self._files)
        allow(
            made.role,
            ["s3:PutObject"],
            [f"{self.bucket.bucket_arn}/*"],
            reason="The page's bucket is written by this function alone; files are named by their version.",
        )
        delete_versions(made.role, self.bucket)
        return made

    def _publish_files(self) -> cdk.CustomResource:
        archive = {"ArchiveBucket": self._files.s3_bucket_name, "ArchiveKey": self._files.s3_object_key}
        return self._publish("PageFiles", self._prefix, archive)

    def _publish_configuration(self, client: cognito.UserPoolClient) -> None:
        held = limits(self._settings)
        configuration = {
            "name": self._settings.name,
            "api": "/api/v1",
            "authorization": "cognito",
            "cognito": {
                "domain": self.sign_in.address,
                "client_id": client.user_pool_client_id,
                "scope": self.sign_in.scopes,
                "token": "access",
            },
            "limits": {
                "text_characters": held["max_input_characters"],
                "document_bytes": held["max_document_bytes"],
            },
        }
        self._publish("PageConfiguration", _CONFIGURATION, {"Configuration": configuration})

    def _publish(self, name: str, prefix: str, properties: dict[str, Any]) -> cdk.CustomResource:
        return cdk.CustomResource(
            self,
            name,
            resource_type=f"Custom::{name}",
            service_token=self._publisher.function.function_arn,
            service_timeout=_WITHIN,
            properties={"Bucket": self.bucket.bucket_name, "Prefix": prefix, **properties},
            # Its function keeps the API's names for them.
            pascal_case_properties=False,
        )

    def _make_distribution(self, gateway: Gateway) -> cloudfront.Distribution:
        domain = self._settings.gateway.domain
        headers = page_headers(self, "Headers", name=resource_name(self._settings), sign_in=self.sign_in.address)
        # Those of all regions share one name space.
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=f"{resource_name(self._settings)}-{cdk.Aws.REGION}-page"
        )
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{resource_name(self._settings)}: the page and its API",
            default_root_object=_INDEX,
            default_behavior=self._files_behavior(self._prefix, access, headers),
            additional_behaviors={
                "/config.json": self._files_behavior(_CONFIGURATION, access, headers, kept=False),
                "/api/*": self._api_behavior(gateway, headers),
            },
            error_responses=[_MISSING_FILE],
            domain_names=[domain.name] if domain else None,
            certificate=self._certificate(),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if domain else None,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )
        _accept_findings(distribution, own_domain=domain is not None)
        return distribution

    def _certificate(self) -> acm.ICertificate | None:
        domain = self._settings.gateway.domain
        return acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate_arn) if domain else None

    def _files_behavior(
        self,
        prefix: str,
        access: cloudfront.S3OriginAccessControl,
        headers: cloudfront.ResponseHeadersPolicy,
        *,
        kept: bool = True,
    ) -> cloudfront.BehaviorOptions:
        """Files below a prefix of the bucket; CloudFront keeps them only as long as they say of themselves."""
        policy = cloudfront.CachePolicy
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(
                self.bucket, origin_access_control=access, origin_path=f"/{prefix.rstrip('/')}"
            ),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            cache_policy=policy.CACHING_OPTIMIZED if kept else policy.CACHING_DISABLED,
            response_headers_policy=headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            compress=True,
        )

    def _api_behavior(self, gateway: Gateway, headers: cloudfront.ResponseHeadersPolicy) -> cloudfront.BehaviorOptions:
        """Requests as they came, but for the host; answers as they come, piece by piece."""
        return cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin(
                f"{gateway.api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}",
                origin_path=f"/{STAGE}",
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                read_timeout=_LONGEST_SILENCE,
            ),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            compress=False,
        )


def _accept_findings(distribution: cloudfront.Distribution, *, own_domain: bool) -> None:
    acknowledge(distribution, "CFR1", "Who may use the page is decided by its sign-in, not by a country.")
    acknowledge(
        distribution,
        "CFR2",
        "The page's files are public and static; a firewall for the API is a setting, `gateway.firewall`.",
    )
    acknowledge(
        distribution,
        "CFR3",
        "CloudFront delivers these logs by ACLs, which our buckets refuse; the API logs every request to it.",
    )
    if not own_domain:
        acknowledge(
            distribution,
            "CFR4",
            "CloudFront sets the oldest TLS of its own domain; `gateway.domain` brings another, from TLS 1.2 on.",
        )
