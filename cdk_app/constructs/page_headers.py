"""The headers that every answer of the page's origin has: what a browser may load, ask and be framed by."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

_HTTPS_ONLY_FOR = cdk.Duration.days(730)
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)


def page_headers(scope: Construct, construct_id: str, *, name: str, sign_in: str) -> cloudfront.ResponseHeadersPolicy:
    """Headers that override whatever an origin sends; `sign_in` is where tokens are asked for."""
    policy = "; ".join((*_POLICY, f"connect-src 'self' {sign_in}"))
    return cloudfront.ResponseHeadersPolicy(
        scope,
        construct_id,
        # Policies of all regions share one name space.
        response_headers_policy_name=f"{name}-{cdk.Aws.REGION}-page",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=policy, override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=_HTTPS_ONLY_FOR, include_subdomains=True, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=header, value=value, override=True)
                for header, value in (
                    ("Cross-Origin-Opener-Policy", "same-origin"),
                    ("Cross-Origin-Resource-Policy", "same-origin"),
                    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
                )
            ]
        ),
    )
