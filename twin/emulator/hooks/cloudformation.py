"""Resource types that the emulator's CloudFormation does not provision by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ministack.services.cloudformation import provisioners, stacks

from twin.emulator.hooks.services import Json

Provisioned = tuple[str, Json]
Create = Callable[[str, Json, str], Provisioned]
Update = Callable[[str, Json, Json, str], Provisioned]
Delete = Callable[[str, Json], None]


def add_cfn_resource(type_name: str, *, create: Create, update: Update, delete: Delete) -> None:
    """Provision a resource type.

    `create(logical_id, properties, stack_name)` and `update(physical_id, old_properties, properties,
    stack_name)` answer with the physical id (what Ref gives) and the attributes (what Fn::GetAtt gives). An
    update that answers with another physical id is a replacement: the old resource is deleted afterwards.
    `delete(physical_id, properties)`. Whatever they raise fails the stack with its text. They run on threads
    of their own and may call the emulator.
    """
    provisioners._RESOURCE_HANDLERS[type_name] = {"create": create, "update": update, "delete": delete}
    _on_worker_threads(type_name)


def provision_only(type_names: Collection[str]) -> None:
    """Let every resource type fail its stack, by name, but these, those that are added, and custom resources.

    The emulator has many more; behind most of them is a service that is not served.
    """
    for name in set(provisioners._RESOURCE_HANDLERS) - set(type_names):
        del provisioners._RESOURCE_HANDLERS[name]


def extend_cfn_resource(
    type_name: str,
    *,
    after: Callable[[str, Json], None] = lambda _physical_id, _properties: None,
    before_delete: Callable[[str], None] = lambda _physical_id: None,
) -> None:
    """Add to a type that the emulator provisions: it leaves properties, and parts, of some types aside.

    `after(physical_id, properties)` follows its create and its update. `before_delete(physical_id)` may do what
    the emulator's own deletion leaves undone, or refuse the deletion by raising. Both may call the emulator.
    """
    emulator = provisioners._RESOURCE_HANDLERS[type_name]

    def create(logical_id: str, properties: Json, stack: str) -> Provisioned:
        provisioned: Provisioned = emulator["create"](logical_id, properties, stack)
        after(provisioned[0], properties)
        return provisioned

    def update(physical_id: str, old: Json, new: Json, stack: str, logical_id: str) -> Provisioned:
        named = [logical_id] if emulator.get("update_with_logical_id") else []
        provisioned: Provisioned = emulator["update"](physical_id, old, new, stack, *named)
        after(provisioned[0], new)
        return provisioned

    def delete(physical_id: str, properties: Json) -> None:
        before_delete(physical_id)
        emulator["delete"](physical_id, properties)

    extended = {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}
    provisioners._RESOURCE_HANDLERS[type_name] = {**emulator, **extended}
    _on_worker_threads(type_name)


def _on_worker_threads(type_name: str) -> None:
    before = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name == type_name or before(name)


def physical_name(stack_name: str, logical_id: str, max_length: int = 63) -> str:
    """The name that CloudFormation generates for a resource that the template leaves unnamed."""
    return str(provisioners._physical_name(stack_name, logical_id, max_len=max_length))
