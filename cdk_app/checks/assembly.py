"""A cloud assembly as the checks see it: resources with their stacks, roles and cross-stack references."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Json = Any
"""A value that came out of a JSON file; templates nest too deeply for a closed type to be of use."""


class NotAnAssembly(ValueError):
    """The directory holds no synthesized stack, so a check over it would pass without having looked."""


@dataclass(frozen=True)
class Resource:
    """One resource of one stack."""

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Json] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where a reader finds it, e.g. ``Fourfold-dev-Workflow.template.json StateMachine2E01AB``."""
        return f"{self.stack}.template.json {self.logical_id} ({self.type})"


@dataclass(frozen=True)
class Assembly:
    """Templates by stack name, with what the code acknowledged about single resources.

    ``acknowledged`` maps (stack, logical id) to reasons by rule:
    ``{"AwsSolutions::AwsSolutions-IAM5[Resource::*]": "why"}``.
    """

    templates: Mapping[str, Mapping[str, Json]]
    acknowledged: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    directory: Path | None = None

    @classmethod
    def read(cls, directory: Path) -> Assembly:
        """Read ``cdk.out``. Raises :class:`NotAnAssembly` when no stack template lies there."""
        templates = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text("utf-8"))
            for path in sorted(directory.glob("*.template.json"))
        }
        if not templates:
            raise NotAnAssembly(f"{directory} holds no stack template. Run `make synth` first.")
        return cls(templates, _acknowledgements(directory, templates), directory)

    def resources(self, *types: str) -> Iterator[Resource]:
        """All resources, or those of the given CloudFormation types, in the templates' order."""
        for stack, template in self.templates.items():
            for logical_id, body in template.get("Resources", {}).items():
                if not types or body["Type"] in types:
                    yield Resource(stack, logical_id, body["Type"], body.get("Properties", {}))

    @cached_property
    def exports(self) -> Mapping[str, tuple[str, Json]]:
        """Stack and value behind each export name, so that an ``Fn::ImportValue`` can be followed."""
        return {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output and isinstance(output["Export"]["Name"], str)
        }

    def resource_behind(self, stack: str, value: Json) -> Resource | None:
        """The resource that a ``Ref``, ``Fn::GetAtt`` or ``Fn::ImportValue`` in ``stack`` leads to."""
        if not isinstance(value, dict) or len(value) != 1:
            return None
        kind, target = next(iter(value.items()))
        if kind == "Fn::ImportValue" and isinstance(target, str) and target in self.exports:
            return self.resource_behind(*self.exports[target])
        logical_id = target[0] if kind == "Fn::GetAtt" else target if kind == "Ref" else None
        body = self.templates[stack].get("Resources", {}).get(logical_id)
        return Resource(stack, str(logical_id), body["Type"], body.get("Properties", {})) if body else None


def _acknowledgements(directory: Path, stacks: Iterable[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Reasons by (stack, logical id): a resource inherits what its enclosing constructs acknowledge."""
    reasons: dict[tuple[str, str], dict[str, str]] = {}
    for stack in stacks:
        file = directory / f"{stack}.metadata.json"
        metadata = json.loads(file.read_text("utf-8")) if file.exists() else {}
        for path, entries in metadata.items():
            for logical_id in _data(entries, "aws:cdk:logicalId"):
                ancestors = ["/".join(path.split("/")[:end]) for end in range(2, path.count("/") + 2)]
                given = (_data(metadata.get(a, []), "aws:cdk:acknowledged-rules") for a in ancestors)
                reasons[stack, logical_id] = {k: v for rules in given for rule in rules for k, v in rule.items()}
    return reasons


def _data(entries: Iterable[Mapping[str, Json]], kind: str) -> list[Json]:
    return [entry["data"] for entry in entries if entry["type"] == kind]
