"""The page: private files behind CloudFront, on one origin with the API, and a browser that is told what it may do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdk_app.assets import ROOT
from cdk_app.settings import Settings
from cdk_app.settings.gateway import Domain
from stacks import create_stacks
from stacks.gateway_settings import archived_settings
from tests.synth.gateways import changed, filled_in
from tests.synth.templates import Template, allowed, new_app, only, properties, resources, statements_of, text

DISABLED, OPTIMIZED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""CloudFront's own cache policies."""
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
SIGN_IN = "https://fourfold-dev-123456789012.auth.us-east-1.amazoncognito.com"


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Page"]


@pytest.fixture(scope="module")
def distribution(template: Template) -> dict[str, Any]:
    return dict(properties(template, "AWS::CloudFront::Distribution")["DistributionConfig"])


@pytest.fixture(scope="module")
def headers(template: Template) -> dict[str, Any]:
    return dict(properties(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"])


def behavior(distribution: dict[str, Any], pattern: str) -> dict[str, Any]:
    (found,) = (one for one in distribution["CacheBehaviors"] if one["PathPattern"] == pattern)
    return dict(found)


def origin(distribution: dict[str, Any], of: dict[str, Any]) -> dict[str, Any]:
    (found,) = (one for one in distribution["Origins"] if one["Id"] == of["TargetOriginId"])
    return dict(found)


# ---- files ------------------------------------------------------------------------------------------------


def test_the_files_are_read_through_this_distribution_and_by_nobody_else(template: Template) -> None:
    statements = properties(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    (reading,) = (one for one in statements if one["Effect"] == "Allow")
    assert (reading["Principal"], reading["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    (made,) = resources(template, "AWS::CloudFront::Distribution")
    assert f":distribution/<{made}>" in text(reading["Condition"]["StringEquals"]["AWS:SourceArn"])
    access = properties(template, "AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


def test_a_version_of_the_files_is_all_there_before_anybody_is_sent_to_it(
    template: Template, distribution: dict[str, Any], cloud_assembly: Path
) -> None:
    files = only(template, "Custom::PageFiles")["Properties"]
    assert origin(distribution, distribution["DefaultCacheBehavior"])["OriginPath"] == f"/{files['Prefix']}".rstrip("/")
    (logical_id,) = resources(template, "Custom::PageFiles")
    assert logical_id in only(template, "AWS::CloudFront::Distribution")["DependsOn"]
    assert files["ArchiveKey"].startswith(files["Prefix"].rstrip("/"))
    archive = cloud_assembly / f"asset.{files['ArchiveKey'].removesuffix('.zip')}"
    there = {path.relative_to(archive) for path in archive.rglob("*") if path.is_file()}
    assert there == {path.relative_to(ROOT / "web") for path in (ROOT / "web").rglob("*") if path.is_file()}
    assert Path(distribution["DefaultRootObject"]) in there


def test_an_address_without_a_file_shows_a_page_and_not_the_buckets_name_while_the_api_answers_for_itself(
    distribution: dict[str, Any],
) -> None:
    # They are the whole origin's. The API's own answers, such as 404 for a document, are the page's to read.
    (answered,) = distribution["CustomErrorResponses"]
    assert (answered["ErrorCode"], answered["ResponseCode"]) == (403, 403)
    shown = ROOT / "web" / answered["ResponsePagePath"].lstrip("/")
    assert 'href="/"' in shown.read_text()
    assert answered["ErrorCachingMinTTL"] == 0


def test_cloudfront_keeps_files_as_long_as_they_say_and_the_configuration_never(distribution: dict[str, Any]) -> None:
    assert distribution["DefaultCacheBehavior"]["CachePolicyId"] == OPTIMIZED
    configuration = behavior(distribution, "/config.json")
    assert configuration["CachePolicyId"] == DISABLED
    assert origin(distribution, configuration)["OriginPath"] == "/configuration"


def test_the_page_is_told_its_api_and_where_to_sign_in(template: Template) -> None:
    written = only(template, "Custom::PageConfiguration")["Properties"]
    assert written["Prefix"] == "configuration/"
    configuration = written["Configuration"]
    assert (configuration["api"], configuration["authorization"]) == ("/api/v1", "cognito")
    cognito = configuration["cognito"]
    assert filled_in(cognito["domain"]) == SIGN_IN
    (client,) = resources(template, "AWS::Cognito::UserPoolClient")
    assert cognito["client_id"] == {"Ref": client}
    assert (cognito["scope"], cognito["token"]) == ("openid email", "access")


def test_the_page_is_told_the_bounds_that_the_gateway_holds_requests_to(template: Template, settings: Settings) -> None:
    told = only(template, "Custom::PageConfiguration")["Properties"]["Configuration"]["limits"]
    held = json.loads(archived_settings(settings))["limits"]
    assert told == {"text_characters": held["max_input_characters"], "document_bytes": held["max_document_bytes"]}


def test_who_publishes_the_files_reads_one_archive_and_writes_one_bucket(template: Template) -> None:
    role = statements_of(template, "PublishPageRole")
    (archive,) = allowed(role, "s3:GetObject")
    assert archive.endswith(only(template, "Custom::PageFiles")["Properties"]["ArchiveKey"])
    for action in ("s3:PutObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"):
        assert [arn.partition(".")[0][:11] for arn in allowed(role, action)] == ["<PageBucket"]


# ---- the API ----------------------------------------------------------------------------------------------


def test_the_api_is_on_the_pages_own_origin_never_kept_and_asked_as_the_browser_asked(
    distribution: dict[str, Any],
) -> None:
    api = behavior(distribution, "/api/*")
    assert api["CachePolicyId"] == DISABLED
    assert api["OriginRequestPolicyId"] == ALL_BUT_HOST
    assert {"GET", "POST", "PUT", "DELETE"} <= set(api["AllowedMethods"])
    assert api["ViewerProtocolPolicy"] == "https-only"
    # Compression would gather what should be passed on piece by piece.
    assert api["Compress"] is False
    behind = origin(distribution, api)
    assert ".execute-api." in text(behind["DomainName"])
    assert behind["OriginPath"] == "/live"
    assert behind["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert behind["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_no_answer_allows_another_origin_to_read_it(templates: dict[str, Template], headers: dict[str, Any]) -> None:
    assert "CorsConfig" not in headers
    assert "Access-Control-Allow" not in json.dumps(templates["Gateway"])
    assert not [
        body
        for body in resources(templates["Gateway"], "AWS::ApiGateway::Method").values()
        if body["Properties"]["HttpMethod"] == "OPTIONS"
    ]


# ---- what a browser is told -------------------------------------------------------------------------------


def test_a_browser_loads_nothing_but_the_page_and_asks_nobody_but_the_api_and_the_sign_in(
    headers: dict[str, Any],
) -> None:
    policy = filled_in(headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["img-src"] == "'self'"
    assert directives["connect-src"] == f"'self' {SIGN_IN}"
    assert directives["frame-ancestors"] == directives["base-uri"] == directives["form-action"] == "'none'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert not {"unsafe-inline", "unsafe-eval", "*"} & set(policy.replace("'", " ").split())


def test_every_answer_of_the_origin_has_the_headers(distribution: dict[str, Any], headers: dict[str, Any]) -> None:
    behaviors = [distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]]
    assert len({json.dumps(one["ResponseHeadersPolicyId"]) for one in behaviors}) == 1
    security = headers["SecurityHeadersConfig"]
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert all(header["Override"] for header in (*security.values(), *headers["CustomHeadersConfig"]["Items"]))


def test_nothing_of_the_page_comes_over_plain_http(distribution: dict[str, Any]) -> None:
    behaviors = [distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]]
    assert {one["ViewerProtocolPolicy"] for one in behaviors} <= {"redirect-to-https", "https-only"}


# ---- sign-in ----------------------------------------------------------------------------------------------


def test_the_client_has_no_secret_and_takes_a_code_at_the_page_alone(template: Template) -> None:
    client = properties(template, "AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "email"]
    (made,) = resources(template, "AWS::CloudFront::Distribution")
    for urls in ("CallbackURLs", "LogoutURLs"):
        assert [text(url) for url in client[urls]] == [f"https://<{made}.DomainName>/"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    minutes = client["TokenValidityUnits"]
    assert {minutes[token] for token in ("AccessToken", "IdToken", "RefreshToken")} == {"minutes"}
    assert client["AccessTokenValidity"] <= 60


def test_the_sign_in_has_the_same_address_every_time(template: Template) -> None:
    domain = properties(template, "AWS::Cognito::UserPoolDomain")
    assert filled_in(domain["Domain"]) == "fourfold-dev-123456789012"
    assert domain["ManagedLoginVersion"] == 2
    assert properties(template, "AWS::Cognito::ManagedLoginBranding")["UseCognitoProvidedValues"] is True


# ---- settings ---------------------------------------------------------------------------------------------


def page(settings: Settings) -> Template | None:
    app = new_app()
    made = create_stacks(app, settings).page
    if made is None:
        return None
    return dict(app.synth().get_stack_by_name(made.stack_name).template)


def test_a_domain_of_ones_own_asks_for_tls_1_2_and_is_where_the_sign_in_leads_back_to(settings: Settings) -> None:
    certificate = f"arn:aws:acm:us-east-1:123456789012:certificate/{'0' * 8}-0000-0000-0000-{'0' * 12}"
    domain = Domain(name="models.example.com", certificate_arn=certificate)
    template = page(changed(settings, domain=domain))
    assert template is not None
    config = properties(template, "AWS::CloudFront::Distribution")["DistributionConfig"]
    assert config["Aliases"] == ["models.example.com"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    client = properties(template, "AWS::Cognito::UserPoolClient")
    assert client["CallbackURLs"] == ["https://models.example.com/"]


def test_without_a_page_there_is_no_such_stack(settings: Settings) -> None:
    assert page(changed(settings, page=False)) is None
