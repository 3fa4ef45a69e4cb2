"""Reading templates in tests, and making those of a few stacks from settings of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions

from cdk_app.application import FLAGS, ROOT
from cdk_app.settings import Settings
from stacks.foundation import Foundation

Template = dict[str, Any]
Resource = dict[str, Any]


def templates_by_step(cloud_assembly: Path) -> dict[str, Template]:
    """`Fourfold-dev-Serving.template.json` as `Serving`, and so on."""
    return {
        path.name.removesuffix(".template.json").split("-")[-1]: json.loads(path.read_text("utf-8"))
        for path in sorted(cloud_assembly.glob("*.template.json"))
    }


def resources(template: Template, resource_type: str) -> dict[str, Resource]:
    """The resources of one CloudFormation type by logical id."""
    return {name: body for name, body in template["Resources"].items() if body["Type"] == resource_type}


def only(template: Template, resource_type: str) -> Resource:
    """The one resource of a type."""
    (resource,) = resources(template, resource_type).values()
    return resource


def properties(template: Template, resource_type: str) -> dict[str, Any]:
    """The properties of the one resource of a type."""
    found: dict[str, Any] = only(template, resource_type)["Properties"]
    return found


def everywhere(templates: Mapping[str, Template], resource_type: str) -> Iterator[tuple[str, Resource]]:
    """The resources of a type in all stacks, each with its place for messages."""
    for step, template in templates.items():
        for name, body in resources(template, resource_type).items():
            yield f"{step}/{name}", body


def statements_of(template: Template, role_prefix: str) -> list[dict[str, Any]]:
    """What the role whose logical id begins with `role_prefix` is allowed."""
    found = [
        statement
        for body in resources(template, "AWS::IAM::Policy").values()
        if any(role["Ref"].startswith(role_prefix) for role in body["Properties"]["Roles"])
        for statement in body["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert found, f"no policy of a role {role_prefix}…"
    return found


def allowed(statements: list[dict[str, Any]], action: str) -> list[str]:
    """The resources, as text, that `action` is allowed on."""
    return [
        text(resource)
        for statement in statements
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def text(value: Any) -> str:
    """An intrinsic function as readable text: joins are joined, references stand in angle brackets."""
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(text(part) for part in parts)
        case {"Fn::ImportValue": name}:
            return f"<{str(name).rpartition(':')[2]}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::Sub": str(template)}:
            return template
        case {"Fn::FindInMap": [name, *_]}:
            return f"<{name}>"
    raise AssertionError(f"no text for {value}")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def new_app() -> cdk.App:
    """An empty application with the feature flags of ours."""
    return cdk.App(context=context(), post_cli_context=FLAGS)


def context() -> dict[str, Any]:
    """The context that the CDK CLI would hand over."""
    found: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    return found


def template_of(settings: Settings, make: Callable[[cdk.App, Foundation], cdk.Stack]) -> Template:
    """The template of the stack that `make` returns, beside a foundation, both from `settings`."""
    app = new_app()
    foundation = Foundation(app, "Foundation", settings=settings)
    return dict(assertions.Template.from_stack(make(app, foundation)).to_json())
