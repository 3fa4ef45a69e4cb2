"""The policies of collections: who may do what with which index, and whether the network may at all.

Patterns end in `*` or name one thing. A data access policy only gives; several that name a principal add up.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]


def is_public(network_policies: Iterable[Any], collection: str) -> bool:
    """Whether a network policy opens the endpoint of a collection to everyone: there is no VPC here."""
    return any(
        statement.get("AllowFromPublic") is True
        and any(
            rule.get("ResourceType") == "collection" and _matches(rule, f"collection/{collection}")
            for rule in statement.get("Rules", [])
        )
        for statement in _statements(network_policies)
    )


def allows(data_policies: Iterable[Any], principals: Several[str], permission: str, resource: str) -> bool:
    """Whether a data access policy gives one of the principals a permission on `index/<collection>/<index>`."""
    return any(
        not set(principals).isdisjoint(statement.get("Principal", [])) and _gives(statement, permission, resource)
        for statement in _statements(data_policies)
    )


def given_to(data_policies: Iterable[Any], permission: str, resource: str) -> set[str]:
    """The principals that data access policies give a permission."""
    return {
        principal
        for statement in _statements(data_policies)
        if _gives(statement, permission, resource)
        for principal in statement.get("Principal", [])
    }


def _gives(statement: Json, permission: str, resource: str) -> bool:
    kind = resource.partition("/")[0]
    return any(
        rule.get("ResourceType") == kind
        and _matches(rule, resource)
        and not {permission, "aoss:*"}.isdisjoint(rule.get("Permission", []))
        for rule in statement.get("Rules", [])
    )


def _statements(policies: Iterable[Any]) -> Iterator[Json]:
    for policy in policies:
        yield from policy if isinstance(policy, list) else [policy]


def _matches(rule: Json, resource: str) -> bool:
    return any(_fits(pattern, resource) for pattern in rule.get("Resource", []))


def _fits(pattern: str, resource: str) -> bool:
    """Part by part: the `*` of a collection's pattern does not reach into its indexes."""
    wanted, given = pattern.split("/"), resource.split("/")
    return len(wanted) == len(given) and all(
        one == other or (one.endswith("*") and other.startswith(one[:-1]))
        for one, other in zip(wanted, given, strict=True)
    )
