"""Every identity policy statement of an assembly, wherever CloudFormation lets one be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdk_app.checks.assembly import Assembly, Json, Resource

POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
PRINCIPALS = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")


@dataclass(frozen=True)
class Statement:
    """One statement, with the resource it stands in and its position there."""

    owner: Resource
    index: int
    body: Json

    @property
    def place(self) -> str:
        return f"{self.owner.place} statement {self.body.get('Sid', self.index)}"

    @property
    def actions(self) -> list[str]:
        return _as_list(self.body.get("Action", []))

    @property
    def resources(self) -> list[Json]:
        return _as_list(self.body.get("Resource", []))

    @property
    def allows(self) -> bool:
        return bool(self.body["Effect"] == "Allow")


def identity_statements(assembly: Assembly) -> Iterator[Statement]:
    """Statements of policies and of the policies written inside roles, users and groups."""
    for resource in assembly.resources(*POLICIES, *PRINCIPALS):
        for index, body in enumerate(_bodies(resource)):
            yield Statement(resource, index, body)


def _bodies(resource: Resource) -> Iterator[Json]:
    if resource.type in POLICIES:
        yield from _as_list(resource.properties["PolicyDocument"]["Statement"])
    for policy in resource.properties.get("Policies", []):
        yield from _as_list(policy["PolicyDocument"]["Statement"])


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
