"""Templates leave values open until deployment; these functions fill in plausible ones.

CDK writes a state machine or an ARN as ``Fn::Join`` over references. A validator wants the text, so every
reference becomes an example of what it stands for: ``Ref AWS::Region`` the text ``us-east-1``,
``Fn::GetAtt [Role, Arn]`` an ARN.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cdk_app.checks.assembly import Json

_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "111122223333",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/stack/0a1b2c3d",
}


def flatten(value: Json) -> Json:
    """``value`` with every intrinsic function replaced by an example of its result."""
    if isinstance(value, list):
        return [flatten(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in _INTRINSICS:
            return _INTRINSICS[name](argument)
    return {key: flatten(item) for key, item in value.items()}


def _join(argument: Json) -> str:
    separator, parts = argument
    return str(separator).join(str(flatten(part)) for part in parts)


def _select(argument: Json) -> Json:
    index, items = argument[0], flatten(argument[1])
    return items[int(index)] if isinstance(items, list) else f"{items}-{index}"


def _split(argument: Json) -> list[str]:
    return str(flatten(argument[1])).split(argument[0])


def _substitute(argument: Json) -> str:
    template, values = (argument, {}) if isinstance(argument, str) else argument

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in values:
            return str(flatten(values[name]))
        return str(flatten({"Fn::GetAtt": name} if "." in name else {"Ref": name}))

    return re.sub(r"\$\{([^}]+)\}", replacement, template)


def _attribute(path: list[str]) -> str:
    logical_id, attribute = path[0], ".".join(path[1:])
    if attribute.endswith("Arn"):
        return f"arn:aws:service:us-east-1:111122223333:{logical_id}"
    return f"{logical_id}-{attribute}"


def _imported(export: str) -> str:
    """An ARN where the export's generated name says that it is one (``…ExportsOutputFnGetAttRoleArn…``)."""
    return f"arn:aws:service:us-east-1:111122223333:{export}" if re.search(r"Arn[0-9A-F]*$", export) else export


_INTRINSICS: dict[str, Callable[[Json], Json]] = {
    "Ref": lambda name: _PSEUDO.get(name, f"ref-{name}"),
    "Fn::GetAtt": lambda path: _attribute(path if isinstance(path, list) else path.split(".")),
    "Fn::ImportValue": lambda export: _imported(str(flatten(export))),
    "Fn::Join": _join,
    "Fn::Sub": _substitute,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": lambda path: f"mapped-{path[0]}",
    "Fn::If": lambda branches: flatten(branches[1]),
}
