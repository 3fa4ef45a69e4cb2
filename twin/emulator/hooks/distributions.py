"""CloudFront: distributions serve viewers under a name of this machine, from S3 and from REST APIs."""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.core import responses
from ministack.services import cloudfront
from ministack.services.cloudformation import provisioners

from twin.emulator.account import ACCOUNT_ID, REGION
from twin.emulator.addresses import distribution_label, here
from twin.emulator.hooks.encryption import key_state, object_key, service_may_use_key
from twin.emulator.hooks.services import Json, RawResponse
from twin.emulator.hooks.streams import collected

_API = re.compile(r"(?P<api>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_TYPE = "AWS::CloudFront::Distribution"
_SERVICE = "cloudfront.amazonaws.com"
# Headers of answers in which a template may have written AWS's names down.
_WITH_NAMES = ("content-security-policy", "content-security-policy-report-only", "location", "link")
_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)

_log = logging.getLogger(__name__)


class _Request(NamedTuple):
    """What the emulator asks an origin for, in the order in which it says so."""

    method: str
    uri: str
    query: str
    headers: Json
    body: bytes
    https: bool
    client_ip: str
    forwarded_for: str
    distribution: str


def serve_distributions() -> None:
    """Let distributions have REST APIs as origins, and judge whether they may decrypt what lies in a bucket.

    The emulator serves them from buckets, as their policies let it, and refuses every other host of AWS. What a
    distribution of a stack has that is not done here fails the stack by name.
    """
    fetch, from_bucket = cloudfront._fetch_from_origin, cloudfront._serve_s3_origin

    async def fetch_either(origin: Json, *request: Any) -> Any:
        matched = _API.fullmatch(origin["domain_name"].lower())
        if matched is None:
            return await fetch(origin, *request)
        return await _from_api(matched["api"], origin, _Request(*request))

    def from_bucket_if_allowed(origin: Json, method: str, uri: str, headers: Json, dist_arn: str = "") -> Any:
        if not _may_decrypt(origin["s3_bucket"], cloudfront._s3_object_key(origin, uri), dist_arn):
            return 403, {"Content-Type": "application/xml"}, _DENIED
        return from_bucket(origin, method, uri, headers, dist_arn)

    allowed = cloudfront._dataplane_allowed_methods

    def allowed_by_default(behavior: Any) -> list[str]:
        return allowed(behavior) or ["GET", "HEAD"]

    cloudfront._dataplane_allowed_methods = allowed_by_default
    cloudfront._fetch_from_origin = fetch_either
    cloudfront._serve_s3_origin = from_bucket_if_allowed
    _check_distributions()


async def answer_viewer(
    host: str,
    path: str,
    method: str,
    headers: Json,
    body: bytes,
    query: Any,
    raw_path: str,
    raw_query: str,
    client_ip: str,
) -> RawResponse:
    """What a distribution answers under its name here; HTTP on loopback counts as HTTPS."""
    responses.set_request_account_id(ACCOUNT_ID)  # whatever credentials the request bears: they are for the origin
    responses.set_request_region(REGION)
    found = cloudfront.find_distribution_for_label(distribution_label(host))
    if found is None or not found["enabled"]:
        return 404, {"Content-Type": "text/plain"}, f"There is no distribution {host}.\n".encode()
    secure = {**headers, "x-forwarded-proto": "https"}
    status, answered, content = await cloudfront.handle_viewer_request(
        found, method, path, raw_path, raw_query, secure, body, query, client_ip
    )
    port = int(os.environ["GATEWAY_PORT"])
    for name in [name for name in answered if name.lower() in _WITH_NAMES]:
        answered[name] = here(str(answered[name]), port)
    if isinstance(content, bytes) and _is_json(answered) and (renamed := _renamed(content, port)) != content:
        # The configuration of a page says where to sign in, in AWS's words.
        answered = {name: value for name, value in answered.items() if name.lower() not in ("content-length", "etag")}
        content = renamed
    return status, answered, content


def _is_json(headers: Json) -> bool:
    kind = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "")
    return kind.partition(";")[0].strip() == "application/json"


def _renamed(content: bytes, port: int) -> bytes:
    try:
        return here(content.decode(), port).encode()
    except UnicodeDecodeError:
        return content


async def _from_api(api_id: str, origin: Json, request: _Request) -> Any:
    """The answer of a REST API, whose pieces are passed on as they come."""
    sent = cloudfront._origin_request_headers(origin, request.headers, request.client_ip, request.forwarded_for)
    sent = {name.lower(): value for name, value in sent.items()}
    if sent.get("host", "").lower() != origin["domain_name"].lower():
        # API Gateway knows its APIs by the host: the origin request policy must not forward the viewer's.
        _log.error("The behavior forwards the viewer's Host to an API: use AllViewerExceptHostHeader.")
        return 403, "Forbidden", {"content-type": "application/json"}, b'{"message":"Forbidden"}'
    path = unquote((origin.get("origin_path") or "") + request.uri)
    query = parse_qs(request.query, keep_blank_values=True)
    asking = app._handle_execute_api_request(
        f"{api_id}.execute-api.localhost", path, request.method, sent, request.body, query
    )
    try:
        answer = await asyncio.wait_for(asking, origin.get("read_timeout", 30))
    except TimeoutError as error:
        raise cloudfront.OriginTimeout(origin["domain_name"]) from error
    if answer is None:
        raise cloudfront.OriginUnreachable(origin["domain_name"])
    status, answered, content = answer
    if status >= http.client.BAD_REQUEST and isinstance(content, responses.StreamingResponse):
        content = await collected(content)  # it may be left aside for a page of errors
    many = {name.lower(): value for name, value in answered.items()}
    return status, http.client.responses.get(status, ""), many, content


def _may_decrypt(bucket: str, key: str, distribution: str) -> bool:
    """Whether the policy of an object's key lets the distribution read it; S3's own key lets everyone."""
    named = object_key(bucket, key)
    if named is None:
        return True
    if key_state(named) != "Enabled":
        return False
    return service_may_use_key(
        _SERVICE, "kms:Decrypt", named, REGION, {"aws:SourceArn": distribution, "aws:SourceAccount": ACCOUNT_ID}
    )


def _check_distributions() -> None:
    before = provisioners._cf_distribution_config

    def checked(properties: Json, caller_reference: str) -> Any:
        if problems := list(_problems(properties.get("DistributionConfig") or {})):
            raise ValueError(f"The twin's distributions do not have {', '.join(problems)}.")
        return before(properties, caller_reference)

    provisioners._cf_distribution_config = checked


def _problems(config: Json) -> Iterator[str]:
    """What a distribution asks for that is not done."""
    behaviors = [config.get("DefaultCacheBehavior") or {}, *(config.get("CacheBehaviors") or [])]
    for name in ("FunctionAssociations", "LambdaFunctionAssociations", "TrustedKeyGroups", "TrustedSigners"):
        if any(behavior.get(name) for behavior in behaviors):
            yield name
    if config.get("Aliases"):
        yield "Aliases"
    if (config.get("OriginGroups") or {}).get("Quantity"):
        yield "OriginGroups"
    restriction = ((config.get("Restrictions") or {}).get("GeoRestriction") or {}).get("RestrictionType", "none")
    if restriction != "none":
        yield "GeoRestriction"
