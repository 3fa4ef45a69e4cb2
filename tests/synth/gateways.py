"""The gateway's template from settings of a test's own, and what several tests read in it."""

from __future__ import annotations

from typing import Any

from cdk_app.settings import Settings
from stacks.gateway import Gateway
from tests.synth.templates import Template, resources, template_of

PSEUDO_PARAMETERS = {"AWS::Region": "us-east-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws"}


def gateway(settings: Settings) -> Template:
    """The template of the stack alone."""
    return template_of(
        settings,
        lambda app, foundation: Gateway(
            app, "Gateway", settings=settings, foundation=foundation, endpoint_name="fourfold-dev"
        ),
    )


def changed(settings: Settings, **gateway: Any) -> Settings:
    """`settings` with other values in their section `gateway`."""
    return settings.model_copy(update={"gateway": settings.gateway.model_copy(update=gateway)})


def methods(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    """The API's methods by verb and path."""
    parts = {name: body["Properties"] for name, body in resources(template, "AWS::ApiGateway::Resource").items()}

    def path(reference: Any) -> str:
        part = parts.get(reference.get("Ref", ""))
        return f"{path(part['ParentId'])}/{part['PathPart']}" if part else ""

    return {
        (body["Properties"]["HttpMethod"], path(body["Properties"]["ResourceId"])): body["Properties"]
        for body in resources(template, "AWS::ApiGateway::Method").values()
    }


def function(template: Template) -> dict[str, Any]:
    """The function behind the API."""
    (found,) = (
        body["Properties"]
        for name, body in resources(template, "AWS::Lambda::Function").items()
        if name.startswith("Handler")
    )
    return dict(found)


def filled_in(value: Any, template: Template | None = None) -> str:
    """What CloudFormation makes of an intrinsic function, with names as long as they become."""
    match value:
        case str():
            return value
        case {"Fn::Sub": [str(text), dict(values)]}:
            for name, inner in values.items():
                text = text.replace(f"${{{name}}}", filled_in(inner, template))
            return _with_pseudo_parameters(text)
        case {"Fn::Sub": str(text)}:
            return _with_pseudo_parameters(text)
        case {"Fn::FindInMap": [name, *_]}:
            rows = (template or {}).get("Mappings", {}).get(name, {})
            return str(next((value for row in rows.values() for value in row.values()), "0.00025"))
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(filled_in(part, template) for part in parts)
        case {"Ref": str(name)} if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
    # A name that CloudFormation makes up is no longer than a bucket's.
    return "n" * 63


def _with_pseudo_parameters(text: str) -> str:
    for name, value in PSEUDO_PARAMETERS.items():
        text = text.replace(f"${{{name}}}", value)
    return text
