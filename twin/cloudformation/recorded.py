"""Resources that are recorded and do nothing: they exist in their stack, with a name and an ARN.

Only what nobody calls at run time may be here. docs/twin.md lists every such type.
"""

from __future__ import annotations

from typing import Any

from twin.emulator import hooks
from twin.emulator.account import ACCOUNT_ID, REGION

Json = dict[str, Any]


def record(type_name: str, *, name_property: str, arn: str = "", service: str = "") -> None:
    """Record a resource type. Ref is the name; with `arn` (`alarm:{name}`), Fn::GetAtt Arn is its ARN."""

    def described(name: str) -> tuple[str, Json]:
        resource = arn.format(name=name)
        return name, {"Arn": f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"} if arn else {}

    def create(logical_id: str, properties: Json, stack: str) -> tuple[str, Json]:
        return described(properties.get(name_property) or hooks.physical_name(stack, logical_id, 255))

    def update(physical_id: str, old: Json, new: Json, stack: str) -> tuple[str, Json]:  # noqa: ARG001
        return described(new.get(name_property) or physical_id)

    def delete(physical_id: str, properties: Json) -> None:  # noqa: ARG001
        return None

    hooks.add_cfn_resource(type_name, create=create, update=update, delete=delete)
