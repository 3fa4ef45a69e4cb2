"""On which resources requests about the page need their permissions: of CloudFront, of Cognito, of WAF.

Resources are those of AWS's service authorization reference. The emulator names the actions, and of the resources
distributions and user pools; what it cannot name it takes for `*`, which no permission on one resource allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin.emulator.hooks import Permission, Request

_POLICIES = "cache-policy|origin-access-control|origin-request-policy|response-headers-policy"
_POLICY_PATH = re.compile(rf"/\d{{4}}-\d\d-\d\d/(?P<kind>{_POLICIES})/(?P<id>[^/]+)(/config)?")
_TAGGING = re.compile(r"/\d{4}-\d\d-\d\d/tagging")
_STAGE = re.compile(r"arn:aws:apigateway:[a-z0-9-]+::/restapis/[^/]+/stages/[^/]+")


def cloudfront_resource(request: Request) -> str | None:
    """The ARN of a policy or of an access control, or of what is tagged."""
    if matched := _POLICY_PATH.fullmatch(request.path):
        return f"arn:aws:cloudfront::{request.account}:{matched['kind']}/{matched['id']}"
    if _TAGGING.fullmatch(request.path):
        return next(iter(request.query.get("Resource") or []), None)
    return None


def cognito_resource(request: Request) -> str | None:
    """The ARN of what is tagged."""
    return request.parameters.get("ResourceArn")


def wafv2_resource(request: Request) -> str | None:
    """The ARN of the web ACL that is named by its name and id, or as it is."""
    given = request.parameters
    if arn := given.get("WebACLArn"):
        return str(arn)
    if "Id" not in given or "WebACL" not in (request.operation or ""):
        return None
    scope = "global" if given.get("Scope") == "CLOUDFRONT" else "regional"
    return f"arn:aws:wafv2:{request.region}:{request.account}:{scope}/webacl/{given.get('Name')}/{given['Id']}"


def further_web_acls(request: Request) -> Iterable[Permission]:
    """What is put behind a web ACL, or taken from there, is a resource too; and the stage of an API lets itself be."""
    if request.operation not in ("AssociateWebACL", "DisassociateWebACL"):
        return
    resource = str(request.parameters.get("ResourceArn", ""))
    yield Permission(f"wafv2:{request.operation}", resource)
    if _STAGE.fullmatch(resource):
        yield Permission("apigateway:SetWebACL", resource)
