"""`AWS::WAFv2::WebACLAssociation`: a stage of a REST API behind a web ACL."""

from __future__ import annotations

import re
from typing import Any

from twin import credentials
from twin.emulator import hooks

Json = dict[str, Any]

_STAGE = re.compile(r"arn:aws:apigateway:[a-z0-9-]+::/restapis/[^/]+/stages/[^/]+")


def register_firewalls() -> None:
    """Provision the type, which the emulator lacks."""
    hooks.add_cfn_resource("AWS::WAFv2::WebACLAssociation", create=_create, update=_update, delete=_delete)


def _create(_logical_id: str, properties: Json, _stack: str) -> tuple[str, Json]:
    resource, acl = properties["ResourceArn"], properties["WebACLArn"]
    if not _STAGE.fullmatch(resource):
        raise ValueError(f"The twin puts stages of REST APIs behind a web ACL, not {resource}.")
    credentials.client("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=resource)
    return f"{resource}|{acl}", {}


def _update(_physical_id: str, _old: Json, new: Json, stack: str) -> tuple[str, Json]:
    return _create("", new, stack)


def _delete(physical_id: str, _properties: Json) -> None:
    resource, _, acl = physical_id.partition("|")
    client = credentials.client("wafv2")
    try:
        associated = client.get_web_acl_for_resource(ResourceArn=resource)["WebACL"]["ARN"]
    except client.exceptions.WAFNonexistentItemException:
        return
    if associated == acl:  # a replacement has put the stage behind another one by now
        client.disassociate_web_acl(ResourceArn=resource)
